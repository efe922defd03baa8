"""The scripted Claude as a server: what it says, to whom, and what it notices."""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from bot.offline.claude import ScriptedClaude, Session

Body = dict[str, Any]
SESSION = Session.from_dict(
    {
        "session": "rate limiting",
        "replies": [
            {"phase": "design", "agent": "architect", "turns": [{"text": "By the architect."}]},
            {
                "phase": "design",
                "turns": [
                    {"text": "First I look.", "tools": [{"Read": {"file_path": "a.py"}}, {"Glob": {"pattern": "*"}}]},
                    {"text": "Then I am done."},
                ],
            },
            {"phase": "implementation", "task": "T2", "turns": [{"text": "Second task."}]},
            {"phase": "implementation", "turns": [{"text": "Any task."}]},
            {"phase": "testing", "turns": [{"text": "Red."}]},
            {"phase": "testing", "attempt": 2, "turns": [{"text": "Green."}]},
            {"phase": "review", "turns": [{"text": "Hm.", "delay_seconds": 0.01, "usage": {"output": 7}}]},
        ],
    }
)


@pytest.fixture
def claude() -> Iterator[ScriptedClaude]:
    with ScriptedClaude(SESSION, delay_factor=0) as server:
        yield server


@pytest.fixture
def post(claude: ScriptedClaude) -> Iterator[Callable[..., httpx.Response]]:
    """Post a request's body to the server."""
    with httpx.Client(base_url=claude.url, headers={"x-api-key": "k"}, trust_env=False, timeout=20) as client:

        def send(body: Body | bytes, path: str = "/v1/messages") -> httpx.Response:
            return client.post(path, content=body if isinstance(body, bytes) else json.dumps(body))

        yield send


def start(heading: str, *more: Body, **changes: Any) -> Body:
    """A request whose first message has this heading."""
    first = {"role": "user", "content": [{"type": "text", "text": f"<phase {heading}>\nDo it."}]}
    return {"model": "claude-sonnet-5-5", "max_tokens": 100, "messages": [first, *more]} | changes


def after(body: Body, message: Body) -> Body:
    """The request that follows a reply: every call answered."""
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": "x"}
        for block in message["content"]
        if block["type"] == "tool_use"
    ]
    reply = {"role": "assistant", "content": message["content"]}
    user = {"role": "user", "content": results or [{"type": "text", "text": "Go on."}]}
    return body | {"messages": [*body["messages"], reply, user]}


def said(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return str(response.json()["content"][0]["text"])


def refusal(response: httpx.Response) -> str:
    assert response.status_code == 400, response.text
    assert response.json()["error"]["type"] == "invalid_request_error"
    return str(response.json()["error"]["message"])


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ('name="design" agent="architect" run="r"', "By the architect."),
        ('name="design" agent="security" run="r"', "First I look."),
        ('run="r" name="design"', "First I look."),
        ("name='design' agent='architect'", "By the architect."),
        ('name="implementation" agent="dev" task="T2"', "Second task."),
        ('name="implementation" agent="dev" task="T9"', "Any task."),
        ('name="implementation" agent="dev"', "Any task."),
        ('name="testing" attempt="1"', "Red."),
        ('name="testing" attempt="2"', "Green."),
        ('name="testing" attempt="two"', "Red."),
        ('name="design" agent="a &amp; &quot;b&quot;" odd-one="1"', "First I look."),
    ],
)
def test_the_most_specific_entry_speaks(heading: str, words: str, post: Callable[..., httpx.Response]) -> None:
    """Phase, agent, task and attempt of the conversation choose; attributes come in any order and may be missing."""
    assert said(post(start(heading))) == words


def test_the_conversation_says_which_turn_is_due(post: Callable[..., httpx.Response], claude: ScriptedClaude) -> None:
    """Repeating a request repeats the reply to the letter; turns do not depend on how often was asked before."""
    body = start('name="design" agent="x" run="r1"')
    first = post(body).json()
    assert post(body).json() == first
    second = post(after(body, first)).json()
    assert second["content"] == [{"type": "text", "text": "Then I am done."}]
    assert post(body).json() == first
    assert [asked.turn for asked in claude.requests] == [0, 0, 1, 0]


def test_tool_calls_of_different_runs_and_tasks_have_different_ids(post: Callable[..., httpx.Response]) -> None:
    """Two agents in the same phase never share an id."""

    def ids(heading: str) -> list[str]:
        return [block["id"] for block in post(start(heading)).json()["content"][1:]]

    everything = ids('name="design" run="1"') + ids('name="design" run="2"') + ids('name="design" run="1" task="T1"')
    assert len(set(everything)) == 6
    assert all(one.startswith("toolu_") for one in everything)


def test_a_whole_reply_has_the_form_of_the_api(post: Callable[..., httpx.Response]) -> None:
    """The SDK's strict type accepts the JSON."""
    from anthropic.types import Message

    message = TypeAdapter(Message).validate_python(post(start('name="design"')).json(), strict=True)
    assert message.stop_reason == "tool_use"


def events(response: httpx.Response) -> list[Body]:
    parts = [part.split("\n", 1) for part in response.text.strip().split("\n\n")]
    found = [json.loads(data.removeprefix("data: ")) for _, data in parts]
    assert [name.removeprefix("event: ") for name, _ in parts] == [event["type"] for event in found]
    return found


def test_a_stream_has_the_form_of_the_api(post: Callable[..., httpx.Response]) -> None:
    """Each event fits the SDK's type, in the order that the API keeps; words and inputs come in several pieces."""
    from anthropic.types import RawMessageStreamEvent

    claude_says = {"text": "word " * 30, "tools": [{"Write": {"content": "line\n" * 30}}], "thinking": "hm " * 30}
    with ScriptedClaude(Session.from_dict({"replies": [{"phase": "p", "turns": [claude_says]}]})) as claude:
        headers = {"authorization": "Bearer k"}
        body = start('name="p"', stream=True)
        response = httpx.post(f"{claude.url}/v1/messages", json=body, headers=headers, trust_env=False)
    found = events(response)
    for event in found:
        TypeAdapter(RawMessageStreamEvent).validate_python(event)
    kinds = [event["type"] for event in found]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert (kinds[0], kinds[-2:]) == ("message_start", ["message_delta", "message_stop"])
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 3
    deltas = [event["delta"]["type"] for event in found if event["type"] == "content_block_delta"]
    assert all(deltas.count(kind) > 2 for kind in ("text_delta", "thinking_delta", "input_json_delta"))
    assert deltas.count("signature_delta") == 1


def test_models_and_token_counts_are_served(claude: ScriptedClaude) -> None:
    """The SDK's own client reads both."""
    import anthropic
    import httpx2

    http = httpx2.Client(trust_env=False)
    client = anthropic.Anthropic(api_key="k", base_url=claude.url, http_client=http, max_retries=0)
    assert "claude-sonnet-5-5" in [model.id for model in client.models.list()]
    short = client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "word " * 10}])
    long = client.messages.count_tokens(model="m", messages=[{"role": "user", "content": "word " * 1000}])
    assert 10 <= short.input_tokens < long.input_tokens / 50
    client.close()


def test_usage_comes_from_the_words_and_the_marks(post: Callable[..., httpx.Response]) -> None:
    """Marked prefixes are written to the cache once and read from then on; a request without marks is plain input."""
    plain = start('name="design"', system="word " * 100)
    usage = post(plain).json()["usage"]
    assert usage["input_tokens"] >= 100
    assert usage["cache_creation_input_tokens"] == usage["cache_read_input_tokens"] == 0

    marked = start('name="design"', system="word " * 100, cache_control={"type": "ephemeral"})
    first = post(marked).json()
    second = post(after(marked, first)).json()
    assert first["usage"]["cache_creation_input_tokens"] == usage["input_tokens"]
    assert second["usage"]["cache_read_input_tokens"] == usage["input_tokens"]
    assert second["usage"]["cache_creation_input_tokens"] > 0
    assert first["usage"]["output_tokens"] > second["usage"]["output_tokens"] > 0


def test_a_turn_may_state_its_own_usage(post: Callable[..., httpx.Response], claude: ScriptedClaude) -> None:
    """Written numbers win, and written delays are counted even when they are not waited for."""
    assert post(start('name="review"')).json()["usage"]["output_tokens"] == 7
    assert claude.seconds == 0.01


def test_what_was_asked_is_kept(post: Callable[..., httpx.Response], claude: ScriptedClaude) -> None:
    """For assertions: who asked, about what, with which model and tools, and how long the prompt was."""
    tools = [{"name": "Read", "description": "Reads.", "input_schema": {"type": "object"}}]
    post(start('name="implementation" agent="dev" run="r9" task="T2" attempt="3"', tools=tools))
    [asked] = claude.requests
    assert (asked.phase, asked.agent, asked.run, asked.task, asked.attempt) == ("implementation", "dev", "r9", "T2", 3)
    assert (asked.turn, asked.model, asked.tools, asked.fault) == (0, "claude-sonnet-5-5", ("Read",), "")
    assert asked.tokens > 5


def test_turns_nobody_asked_for_are_listed(post: Callable[..., httpx.Response], claude: ScriptedClaude) -> None:
    """A scenario ends with an empty list, or its session says more than happens."""
    post(start('name="design" agent="architect"'))
    post(start('name="design"'))
    assert claude.unused() == [
        "design, turn 2",
        "implementation, task T2, turn 1",
        "implementation, turn 1",
        "testing, turn 1",
        "testing, attempt 2, turn 1",
        "review, turn 1",
    ]


def test_a_conversation_without_entry_is_told_what_to_add(
    post: Callable[..., httpx.Response], claude: ScriptedClaude
) -> None:
    """The author of a session reads which entry is missing, and the test can see it."""
    text = refusal(post(start('name="grooming" agent="pm" task="T1" attempt="2"')))
    assert "no entry for phase grooming, agent pm, task T1, attempt 2" in text
    assert claude.unmatched == [text]


@pytest.mark.parametrize(
    "text", ["Hello", "<phase>", "<phases name='x'>", 'see <phase name="design">', "<phase name=design>"]
)
def test_a_first_message_without_heading_is_refused(text: str, post: Callable[..., httpx.Response]) -> None:
    """Only a tag at the very beginning counts: later ones may be somebody's words."""
    body = start('name="design"') | {"messages": [{"role": "user", "content": text}]}
    assert "does not begin with" in refusal(post(body))


def test_a_turn_beyond_the_last_is_refused(post: Callable[..., httpx.Response], claude: ScriptedClaude) -> None:
    """The answer names the entry, how many turns it has and what was asked."""
    body = start('name="design" agent="architect"')
    text = refusal(post(after(body, post(body).json())))
    assert "design, agent architect has 1 turns, but turn 2 is asked" in text
    assert claude.unmatched == [text]


def test_sessions_can_be_added_later(claude: ScriptedClaude, post: Callable[..., httpx.Response]) -> None:
    """A new entry for the same thing replaces the old one; the others stay."""
    claude.plays(Session.from_dict({"replies": [{"phase": "testing", "turns": [{"text": "Blue."}]}]}))
    assert said(post(start('name="testing"'))) == "Blue."
    assert said(post(start('name="testing" attempt="2"'))) == "Green."
    assert said(post(start('name="review"'))) == "Hm."


def test_a_server_without_session_refuses_politely() -> None:
    """Nothing to play is an unmatched call like any other."""
    with ScriptedClaude() as claude:
        url, headers = f"{claude.url}/v1/messages", {"x-api-key": "k"}
        response = httpx.post(url, json=start('name="design"'), headers=headers, trust_env=False)
        assert "no entry" in refusal(response)
        assert claude.unused() == []


def test_a_key_is_demanded(claude: ScriptedClaude) -> None:
    """As the API does it; any key will do."""
    response = httpx.post(f"{claude.url}/v1/messages", json=start('name="design"'), trust_env=False)
    assert (response.status_code, response.json()["error"]["type"]) == (401, "authentication_error")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_refused(body: bytes, post: Callable[..., httpx.Response]) -> None:
    """Broken JSON and other values get the API's own kind of answer."""
    assert "JSON object" in refusal(post(body))


def test_other_paths_are_not_served(post: Callable[..., httpx.Response]) -> None:
    """A call that we did not expect is visible as a 404 with its path."""
    response = post({}, "/v1/complete")
    assert (response.status_code, response.json()["error"]["message"]) == (404, "POST /v1/complete is not served")


def test_faults_come_in_order_and_only_where_they_are_meant(
    claude: ScriptedClaude, post: Callable[..., httpx.Response]
) -> None:
    """A fault of one phase waits for it; others see theirs at once; each happens as often as asked."""
    claude.overloaded(times=2, phase="testing")
    claude.rate_limited(retry_after=2.5)
    limited = post(start('name="review"'))
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "2.5")
    assert [post(start('name="testing"')).status_code for _ in range(3)] == [529, 529, 200]
    assert post(start('name="review"')).status_code == 200
    assert [asked.fault for asked in claude.requests] == [
        "rate_limit_error",
        "overloaded_error",
        "overloaded_error",
        "",
        "",
    ]


def test_a_turn_that_failed_still_counts_as_unused(claude: ScriptedClaude, post: Callable[..., httpx.Response]) -> None:
    """Only a reply that went out whole was played."""
    claude.ends_early()
    post(start('name="review"', stream=True))
    assert "review, turn 1" in claude.unused()
    post(start('name="review"', stream=True))
    assert "review, turn 1" not in claude.unused()


@pytest.mark.parametrize("stream", [True, False])
def test_a_connection_can_be_cut_in_the_middle(
    stream: bool, claude: ScriptedClaude, post: Callable[..., httpx.Response], caplog: pytest.LogCaptureFixture
) -> None:
    """The caller sees a protocol error; the program's log is not littered with it."""
    claude.breaks_mid_stream()
    with caplog.at_level(logging.DEBUG), pytest.raises(httpx.RemoteProtocolError):
        post(start('name="design"', stream=stream))
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_it_stops_while_a_call_hangs() -> None:
    """Stopping ends what is under way, and may be done twice."""
    session = Session.from_dict({"replies": [{"phase": "p", "turns": [{"text": "x", "delay_seconds": 600}]}]})
    claude = ScriptedClaude(session).start()
    headers = {"x-api-key": "k"}
    try:
        claude.hangs()
        body = start('name="p"', stream=True)
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(f"{claude.url}/v1/messages", json=body, headers=headers, trust_env=False, timeout=0.2)
    finally:
        claude.stop()
        claude.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{claude.url}/v1/messages", json=body, headers=headers, trust_env=False)


def test_it_can_be_started_again(claude: ScriptedClaude) -> None:
    """A restart keeps the session and the record, on a port of its own choice."""
    claude.stop()
    claude.start()
    response = httpx.get(f"{claude.url}/v1/models", headers={"x-api-key": "k"}, trust_env=False)
    assert response.status_code == 200
