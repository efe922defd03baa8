"""Requests that the real API refuses are refused here too, and remembered."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.offline.claude import ScriptedClaude, Session

Body = dict[str, Any]
FIRST: Body = {"role": "user", "content": [{"type": "text", "text": '<phase name="p" agent="a" run="r">'}]}
CALLS: Body = {
    "role": "assistant",
    "content": [
        {"type": "tool_use", "id": "t1", "name": "Read", "input": {}},
        {"type": "tool_use", "id": "t2", "name": "Read", "input": {}},
    ],
}
MARK = {"type": "ephemeral"}
SESSION = Session.from_dict(
    {"replies": [{"phase": "p", "turns": [{"text": "one"}, {"text": "two"}, {"text": "three"}]}]}
)


def text(words: str, **more: Any) -> Body:
    return {"type": "text", "text": words} | more


def user(*blocks: Body) -> Body:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks: Body) -> Body:
    return {"role": "assistant", "content": list(blocks)}


def result(call: str) -> Body:
    return {"type": "tool_result", "tool_use_id": call, "content": "x"}


def request(*messages: Body, **changes: Any) -> Body:
    return {"model": "claude-sonnet-5-5", "max_tokens": 10, "messages": [FIRST, *messages]} | changes


def strict_tool(**schema: Any) -> Body:
    whole = {"type": "object", "properties": {}, "additionalProperties": False} | schema
    return {"name": "submit", "description": "Hands in.", "strict": True, "input_schema": whole}


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedClaude]:
    with ScriptedClaude(SESSION, strict=True) as claude:
        yield claude


@pytest.fixture
def claude(server: ScriptedClaude) -> ScriptedClaude:
    server.violations.clear()
    return server


def post(claude: ScriptedClaude, body: Body) -> httpx.Response:
    headers = {"x-api-key": "k"}
    return httpx.post(f"{claude.url}/v1/messages", json=body, headers=headers, trust_env=False, timeout=30)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(request(), id="one message"),
        pytest.param(request(FIRST | {"role": "assistant"}, user(text("on"))), id="three messages"),
        pytest.param(request(CALLS, user(result("t2"), result("t1"), text("on"))), id="answers in any order"),
        pytest.param(request(tools=[strict_tool()]), id="a strict tool"),
        pytest.param(request(system=[text("s", cache_control=MARK)], cache_control=MARK), id="cache marks"),
        pytest.param(request(thinking={"type": "adaptive"}, output_config={"effort": "high"}), id="thinking"),
        pytest.param({**request(), "messages": [FIRST | {"content": '<phase name="p">'}]}, id="content as a string"),
    ],
)
def test_what_the_api_takes_is_taken(body: Body, claude: ScriptedClaude) -> None:
    """The checks refuse nothing that is fine."""
    response = post(claude, body)
    assert response.status_code == 200, response.text
    assert claude.violations == []


PAIRING = [
    (request(CALLS, user(result("t1"))), "each `tool_use` needs exactly one `tool_result`"),
    (request(CALLS, user(result("t1"), result("t1"), result("t2"))), "exactly one `tool_result`"),
    (request(CALLS, user(text("no"))), "exactly one `tool_result`"),
    (request(CALLS), "without `tool_result` blocks immediately after"),
    (request(CALLS, assistant(text("x")), user(result("t1"), result("t2"))), "without `tool_result` blocks"),
    (request(CALLS, user(result("t1"), result("t2"), result("t3"))), "unexpected `tool_use_id`"),
    (request(assistant(text("x")), user(result("t1"))), "unexpected `tool_use_id`"),
    (request(CALLS, user(text("first"), result("t1"), result("t2"))), "must come first"),
    (request(assistant(CALLS["content"][0], CALLS["content"][0]), user(result("t1"))), "must be unique"),
]
MESSAGES = [
    (request() | {"messages": []}, "at least one message"),
    (request() | {"messages": ["x"]}, "at least one message"),
    ({key: value for key, value in request().items() if key != "messages"}, "at least one message"),
    (request() | {"messages": [assistant(text("x")), FIRST]}, "the first message must use the `user` role"),
    (request(user(text("again"))), "roles must alternate"),
    (request({"role": "system", "content": "x"}), "must be `user` or `assistant`"),
    (request(assistant()), "content must be non-empty"),
    (request(assistant(text(" \n"))), "non-whitespace text"),
    (request(assistant(text("x"))), "no assistant message prefill"),
    (
        request(assistant(text("x"), {"type": "thinking", "thinking": "", "signature": "s"}), user(text("on"))),
        "final block in an assistant message cannot be `thinking`",
    ),
]
FIELDS = [
    (request(max_tokens=0), "max_tokens"),
    (request(model=""), "model"),
    (request(system=[text(str(i), cache_control=MARK) for i in range(5)]), "a maximum of 4 blocks with cache_control"),
    (
        request(assistant({"type": "thinking", "thinking": "", "signature": "s", "cache_control": MARK}, text("x"))),
        "cache_control cannot be set for thinking",
    ),
]
STRICT_TOOLS = [
    (request(tools=[strict_tool(additionalProperties=True)]), "`additionalProperties` must be explicitly set to false"),
    (
        request(tools=[strict_tool(properties={"a": {"type": "array", "items": {"type": "object"}}})]),
        "tools.0.input_schema.properties.a.items: for `object` type",
    ),
    (
        request(tools=[strict_tool(properties={"n": {"anyOf": [{"type": "integer", "minimum": 1}]}})]),
        "strict tools do not take minimum",
    ),
]
TYPES = [
    (request(temperature=0.5), "temperature: Extra inputs are not permitted"),
    (request(output_config={"effort": "enormous"}), "output_config.effort"),
    (request(assistant({"type": "dream"}), user(text("on"))), "messages."),
    (request(CALLS, user({"type": "tool_result", "content": "x"}, result("t1"), result("t2"))), "tool_use_id"),
    (request(tools=[{"name": "Read"}]), "tools"),
    (request(max_tokens="10"), "max_tokens"),
]


@pytest.mark.parametrize(("body", "words"), [*PAIRING, *MESSAGES, *FIELDS, *STRICT_TOOLS, *TYPES])
def test_what_the_api_refuses_is_refused(body: Body, words: str, claude: ScriptedClaude) -> None:
    """HTTP 400 as the API would give it, with words that say what to mend, kept for the end of the test."""
    response = post(claude, body)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid_request_error")
    assert words in response.json()["error"]["message"]
    assert len(claude.violations) == 1
    assert words in claude.violations[0]


def test_the_rules_about_messages_hold_without_the_sdk(claude: ScriptedClaude) -> None:
    """A server that is not strict, as in the demo, still checks the pairing; it leaves types to the strict one."""
    with ScriptedClaude(SESSION) as lenient:
        assert post(lenient, PAIRING[0][0]).status_code == 400
        assert post(lenient, TYPES[0][0]).status_code == 200


def test_properties_named_like_keywords_are_no_keywords(claude: ScriptedClaude) -> None:
    """A field called `minimum`, or an example with an object in it, is not a constraint."""
    properties = {"minimum": {"type": "string"}, "type": {"type": "string", "enum": ["object"]}}
    response = post(claude, request(tools=[strict_tool(properties=properties)]))
    assert response.status_code == 200, response.text
