"""The adapter against a scripted Claude over loopback: whole conversations, and everything that can break."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.adapters.claude import ClaudeModel
from bot.core.conversation import (
    Message,
    ModelError,
    ModelRequest,
    Opaque,
    Reply,
    StopReason,
    Text,
    ToolResult,
    Usage,
)
from bot.core.prices import DEFAULT_PRICES, Price, cost_usd
from bot.offline.claude import ScriptedClaude, Session
from bot.ports import Model

Ask = Callable[..., ModelRequest]
Make = Callable[..., ClaudeModel]
Serve = Callable[..., Awaitable[str]]
SSE = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def continued(request: ModelRequest, reply: Reply) -> ModelRequest:
    """The request after this reply: its tool calls answered, or a word to go on."""
    answers = tuple(ToolResult(use.id, f"result of {use.name}") for use in reply.tool_uses) or (Text("Go on."),)
    messages = (*request.messages, Message("assistant", reply.content), Message("user", answers))
    return ModelRequest(request.model, request.system, messages, request.tools, request.max_tokens)


def a_reply(*turns: dict[str, Any], phase: str = "odd") -> Session:
    return Session.from_dict({"replies": [{"phase": phase, "turns": list(turns)}]})


def with_output(usage: Usage, output: int) -> Usage:
    return Usage(usage.input, output, usage.cache_write, usage.cache_read)


async def test_a_conversation_goes_there_and_back(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """Thinking, words and parallel tool calls arrive as written, are sent back, and the next turn is the next one."""
    first = await model.reply(ask())
    assert isinstance(first.content[0], Opaque)
    assert first.content[0].data["thinking"].startswith("The README")
    assert first.content[1] == Text("Let me look at what is there before I decide.")
    assert [(use.name, use.input) for use in first.tool_uses] == [
        ("Read", {"file_path": "README.md"}),
        ("Read", {"file_path": "ä.py"}),
    ]
    assert first.stop_reason == "tool_use"

    second_request = continued(ask(), first)
    second = await model.reply(second_request)
    third = await model.reply(continued(second_request, second))
    assert (second.stop_reason, second.tool_uses[0].name) == ("tool_use", "submit_design")
    assert (third.stop_reason, third.text) == ("end_turn", "Done.")
    assert [asked.turn for asked in claude.requests] == [0, 1, 2]
    assert claude.violations == claude.unmatched == []


async def test_the_prefix_of_a_conversation_is_read_from_the_cache(model: ClaudeModel, ask: Ask) -> None:
    """The second call reads what the first one wrote, and pays full price for nothing."""
    first = await model.reply(ask())
    second = await model.reply(continued(ask(), first))
    assert first.usage.cache_read == 0
    assert second.usage.cache_read == first.usage.cache_write > 0
    assert first.usage.input == second.usage.input == 0


async def test_what_a_reply_costs_is_within_what_was_reserved(model: ClaudeModel, ask: Ask) -> None:
    """The bound before each call of a conversation covers its cost, and the cost is that of its tokens."""
    request = ask(words="A rate limit for the login endpoint. " * 300)
    for _ in range(3):
        reply = await model.reply(request)
        assert 0 < model.cost_usd(reply) <= model.price_usd(request)
        assert model.cost_usd(reply) == cost_usd(reply.usage, DEFAULT_PRICES["claude-sonnet-5-5"])
        request = continued(request, reply)


async def test_own_prices_are_used(make_model: Make, ask: Ask) -> None:
    """A price table from settings decides, not the built-in one."""
    model = make_model(prices={"claude-sonnet-5-5": Price(0.0, 1_000_000.0, 0.0, 0.0)})
    reply = await model.reply(ask("review"))
    assert model.cost_usd(reply) == reply.usage.output
    assert model.price_usd(ask()) == 4000


async def test_it_is_a_model(model: ClaudeModel) -> None:
    """The adapter fits the port, and says that it can be used."""
    port: Model = model
    assert port.available() is None


@pytest.mark.parametrize(
    ("fault", "pauses"),
    [
        (lambda claude: claude.overloaded(times=2), [1.0, 2.0]),
        (lambda claude: claude.rate_limited(times=2, retry_after=7), [7.0, 7.0]),
        (lambda claude: claude.fails(500, "api_error", "Internal", times=1), [1.0]),
        (lambda claude: claude.fails(408, "timeout_error", "Late", times=1), [1.0]),
        (lambda claude: claude.fails(409, "conflict_error", "Busy", times=1), [1.0]),
        (lambda claude: claude.fails(418, "odd", "Tea", headers={"x-should-retry": "true"}), [1.0]),
    ],
)
async def test_a_refused_call_is_made_again(
    fault: Callable[[ScriptedClaude], None],
    pauses: list[float],
    model: ClaudeModel,
    claude: ScriptedClaude,
    clock: Any,
    ask: Ask,
) -> None:
    """After a pause that grows, or is what the server asks for, the turn comes whole and costs only once."""
    expected = await model.reply(ask())
    fault(claude)
    assert await model.reply(ask()) == expected
    assert clock.slept == pauses


@pytest.mark.parametrize(
    "fault",
    [
        lambda claude: claude.breaks_mid_stream(times=2),
        lambda claude: claude.ends_early(times=2),
        lambda claude: claude.stream_error(times=2),
        lambda claude: claude.stream_error(times=2, error="api_error"),
        lambda claude: claude.stream_error(times=2, error="something_new"),
    ],
)
async def test_a_broken_stream_loses_nothing_and_is_paid_for(
    fault: Callable[[ScriptedClaude], None], model: ClaudeModel, claude: ScriptedClaude, clock: Any, ask: Ask
) -> None:
    """Half of a reply is thrown away, the whole one follows; the tokens that the halves reported are added."""
    expected = await model.reply(ask())
    fault(claude)
    reply = await model.reply(ask())
    half = with_output(expected.usage, 1)
    assert reply.content == expected.content
    assert reply.usage == expected.usage + half + half
    assert clock.slept == [1.0, 2.0]


async def test_a_silent_stream_is_given_up_and_made_again(make_model: Make, claude: ScriptedClaude, ask: Ask) -> None:
    """The timeout counts from the last chunk; the call after it succeeds."""
    model = make_model(timeout_seconds=1.0)
    await model.reply(ask("review"))
    claude.hangs()
    reply = await model.reply(ask())
    assert reply.stop_reason == "tool_use"
    assert claude.requests[1].fault == "hangs"


async def test_faults_of_every_kind_in_a_row_lose_no_turn(
    model: ClaudeModel, claude: ScriptedClaude, clock: Any, ask: Ask
) -> None:
    """Five different failures, and the sixth attempt still gives the turn that was due."""
    claude.overloaded()
    claude.breaks_mid_stream()
    claude.ends_early()
    claude.stream_error()
    claude.rate_limited(retry_after=0)
    reply = await model.reply(ask())
    assert [use.name for use in reply.tool_uses] == ["Read", "Read"]
    assert clock.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (lambda c: c.overloaded(times=9), "overloaded", "overloaded for 3 attempts"),
        (lambda c: c.rate_limited(times=9), "rate_limit", "DEVFLOW_MODEL_CONCURRENCY"),
        (lambda c: c.ends_early(times=9), "broken", "the stream ended before the reply did"),
        (lambda c: c.breaks_mid_stream(times=9), "broken", "RemoteProtocolError"),
        (lambda c: c.stream_error(times=9), "overloaded", "529 overloaded_error"),
    ],
)
async def test_a_fault_that_stays_ends_the_call(
    fault: Callable[[ScriptedClaude], None],
    kind: str,
    words: str,
    make_model: Make,
    claude: ScriptedClaude,
    ask: Ask,
) -> None:
    """After the last attempt people read the cause, the number of attempts and what to do."""
    fault(claude)
    with pytest.raises(ModelError, match=words) as error:
        await make_model(attempts=3).reply(ask())
    assert error.value.kind == kind
    assert len(claude.requests) == 3


async def test_tokens_of_attempts_that_all_failed_are_not_lost(
    make_model: Make, claude: ScriptedClaude, ask: Ask
) -> None:
    """The error carries what the attempts reported, so that a budget can count it."""
    whole = await make_model().reply(ask())
    claude.ends_early(times=2)
    with pytest.raises(ModelError) as error:
        await make_model(attempts=2).reply(ask())
    assert error.value.usage == with_output(whole.usage, 1) + with_output(whole.usage, 1)


@pytest.mark.parametrize(
    ("status", "error_type", "message", "kind", "words"),
    [
        (401, "authentication_error", "invalid x-api-key", "auth", "ANTHROPIC_API_KEY"),
        (403, "permission_error", "not for you", "auth", "ANTHROPIC_API_KEY"),
        (402, "billing_error", "no payment", "billing", "Add credits"),
        (400, "invalid_request_error", "Your credit balance is too low", "billing", "Add credits"),
        (400, "invalid_request_error", "You have reached your specified API usage limits", "billing", "Add credits"),
        (400, "invalid_request_error", "max_tokens: too big", "invalid", "max_tokens: too big"),
        (404, "not_found_error", "model: claude-nine", "invalid", "model's name"),
        (413, "request_too_large", "too large", "invalid", "too large"),
        (422, "invalid_request_error", "no", "invalid", "no"),
    ],
)
async def test_a_refusal_that_waiting_does_not_mend_ends_at_once(
    status: int,
    error_type: str,
    message: str,
    kind: str,
    words: str,
    model: ClaudeModel,
    claude: ScriptedClaude,
    clock: Any,
    ask: Ask,
) -> None:
    """One attempt, no pause, and a sentence with the cause and the next step."""
    claude.fails(status, error_type, message)
    with pytest.raises(ModelError, match=words) as error:
        await model.reply(ask())
    assert error.value.kind == kind
    assert clock.slept == []
    assert len(claude.requests) == 1


async def test_the_server_can_forbid_another_attempt(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """`x-should-retry: false` on a 529 ends the call."""
    claude.fails(529, "overloaded_error", "Overloaded", headers={"x-should-retry": "false"})
    with pytest.raises(ModelError) as error:
        await model.reply(ask())
    assert error.value.kind == "overloaded"


async def test_an_invalid_request_in_a_stream_is_not_repeated(
    model: ClaudeModel, claude: ScriptedClaude, ask: Ask
) -> None:
    """An `error` event counts by its type, although its HTTP status is 200."""
    claude.stream_error(error="invalid_request_error")
    with pytest.raises(ModelError) as error:
        await model.reply(ask())
    assert error.value.kind == "invalid"


async def test_a_pause_of_an_hour_is_reported_instead_of_slept(
    model: ClaudeModel, claude: ScriptedClaude, clock: Any, ask: Ask
) -> None:
    """A run that cannot go on for long says so at once."""
    claude.rate_limited(retry_after=3600)
    with pytest.raises(ModelError, match="pause of 3600 s"):
        await model.reply(ask())
    assert clock.slept == []


@pytest.mark.parametrize(
    "message",
    ["prompt is too long: 210000 tokens > 200000 maximum", "input length and `max_tokens` exceed context limit"],
)
async def test_a_prompt_that_is_too_long_is_an_answer_not_an_error(
    message: str, model: ClaudeModel, claude: ScriptedClaude, ask: Ask
) -> None:
    """The caller gets `context_exceeded` and can shorten the conversation; nothing was charged."""
    claude.fails(400, "invalid_request_error", message)
    reply = await model.reply(ask())
    assert reply == Reply((), "context_exceeded", Usage(), "claude-sonnet-5-5")


@pytest.mark.parametrize("stop", ["end_turn", "max_tokens", "refusal", "context_exceeded", "pause_turn"])
async def test_each_way_to_stop_is_told(stop: StopReason, model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """What the model stopped for arrives under our name for it, with the words it said."""
    claude.plays(a_reply({"text": "So far.", "stop_reason": stop}))
    reply = await model.reply(ask("odd"))
    assert (reply.stop_reason, reply.text) == (stop, "So far.")


async def test_the_model_may_decline_without_a_word(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """A refusal is a reply without content, in the one phase it was asked for."""
    claude.refuses(phase="review")
    assert (await model.reply(ask("design"))).stop_reason == "tool_use"
    assert (await model.reply(ask("review"))).stop_reason == "refusal"
    assert (await model.reply(ask("review"))).text == "It is good."


async def test_a_tool_call_that_was_cut_off_is_left_out(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """At `max_tokens` the last call is a fragment; running it would write half a file."""
    turn = {"tools": [{"Read": {"file_path": "a"}}, {"Write": {"file_path": "b"}}], "stop_reason": "max_tokens"}
    claude.plays(a_reply(turn, {"text": "In smaller pieces, then."}))
    reply = await model.reply(ask("odd"))
    assert [use.name for use in reply.tool_uses] == ["Read"]
    assert (await model.reply(continued(ask("odd"), reply))).text == "In smaller pieces, then."


async def test_a_reply_without_content_can_be_followed(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """A turn of which nothing can be sent back keeps its place, or the model would be asked for it again."""
    claude.plays(a_reply({"tools": [{"Write": {}}], "stop_reason": "max_tokens"}, {"text": "Again."}))
    reply = await model.reply(ask("odd"))
    assert reply.content == ()
    assert (await model.reply(continued(ask("odd"), reply))).text == "Again."


async def test_a_paused_turn_goes_on_where_it_stopped(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """After `pause_turn` the conversation is sent again as it is, ending with the model's own words."""
    claude.plays(a_reply({"text": "Searching.", "stop_reason": "pause_turn"}, {"text": "Found."}))
    first = await model.reply(ask("odd"))
    request = ask("odd")
    messages = (*request.messages, Message("assistant", first.content))
    again = ModelRequest(request.model, request.system, messages, request.tools, request.max_tokens)
    assert (await model.reply(again)).text == "Found."


async def test_thinking_that_no_longer_fits_is_left_out(
    model: ClaudeModel, claude: ScriptedClaude, clock: Any, ask: Ask
) -> None:
    """The API ties thinking to the words before it; after a change the call is made again without it."""
    first = await model.reply(ask())
    edited = continued(ask(words="Dark mode. (shortened)"), first)
    reply = await model.reply(edited)
    assert reply.tool_uses[0].name == "submit_design"
    assert clock.slept == []
    assert len(claude.requests) == 3


async def test_thinking_that_stays_refused_ends_the_call(model: ClaudeModel, claude: ScriptedClaude, ask: Ask) -> None:
    """Leaving out the thinking is tried once, not for ever."""
    message = "messages.1.content.0: Invalid `signature` in `thinking` block"
    claude.fails(400, "invalid_request_error", message, times=5)
    with pytest.raises(ModelError) as error:
        await model.reply(ask())
    assert error.value.kind == "invalid"
    assert len(claude.requests) == 2


async def test_the_api_is_asked_to_shorten_long_conversations(
    model: ClaudeModel, claude: ScriptedClaude, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anthropic's own API clears old tool answers, in a form that the SDK's types allow."""
    bodies: list[dict[str, Any]] = []
    answer = claude.answer
    monkeypatch.setattr(claude, "answer", lambda body: (bodies.append(body), answer(body))[1])
    await model.reply(ask())
    (edit,) = bodies[0]["context_management"]["edits"]
    assert edit["type"] == "clear_tool_uses_20250919"
    assert claude.violations == []


async def test_where_it_is_not_offered_it_is_asked_for_once(
    model: ClaudeModel, claude: ScriptedClaude, ask: Ask, clock: Any
) -> None:
    """An API that does not know it refuses; the call is made again without, and so are all later ones."""
    claude.fails(400, "invalid_request_error", "context_management: Extra inputs are not permitted")
    assert (await model.reply(ask())).tool_uses
    assert (await model.reply(ask())).tool_uses
    assert [r.fault for r in claude.requests] == ["invalid_request_error", "", ""]
    assert clock.slept == []


async def test_many_agents_talk_at_once(make_model: Make, claude: ScriptedClaude, ask: Ask) -> None:
    """Replies go to the conversation that asked, in any order, whatever fails in between."""
    phases = [f"p{number}" for number in range(12)]
    claude.plays(*(a_reply({"text": f"This is {phase}."}, phase=phase) for phase in phases))
    claude.overloaded(times=3)
    model = make_model(concurrency=4)
    replies = await asyncio.gather(*(model.reply(ask(phase)) for phase in phases))
    assert [reply.text for reply in replies] == [f"This is {phase}." for phase in phases]


async def test_no_more_calls_than_allowed_are_under_way(make_model: Make, ask: Ask) -> None:
    """Six agents with two calls at once: two, and never three, wait for the model at the same time."""
    slow = a_reply({"text": "Thought about it.", "delay_seconds": 0.2})
    with ScriptedClaude(slow) as claude:
        model = make_model(base_url=claude.url, concurrency=2)
        await asyncio.gather(*(model.reply(ask("odd")) for _ in range(6)))
        assert claude.most_busy == 2
        await model.aclose()


async def test_a_cancelled_call_frees_its_place(make_model: Make, claude: ScriptedClaude, ask: Ask) -> None:
    """With one call allowed at once, a cancelled hanging one does not block the next."""
    model = make_model(concurrency=1)
    claude.hangs()
    task = asyncio.create_task(model.reply(ask()))
    while not claude.requests:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await model.reply(ask("review"))).text == "It is good."


def event(kind: str, rest: str) -> bytes:
    return f'event: {kind}\ndata: {{"type": "{kind}", {rest}}}\n\n'.encode()


START = event(
    "message_start",
    '"message": {"id": "m", "type": "message", "role": "assistant", "model": "claude-x", "content": [],'
    ' "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 5, "output_tokens": 1}}',
)
STOP = event("message_delta", '"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}')
TOOL = event(
    "content_block_start", '"index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "Read", "input": {}}'
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>Welcome to the Wi-Fi</html>", id="a page"),
        pytest.param(b"event: message_start\ndata: {nonsense\n\n", id="bad JSON"),
        pytest.param(b'event: message_start\ndata: {"type": "message_start"}\n\n', id="a start without message"),
        pytest.param(STOP, id="an end without a start"),
        pytest.param(
            START + event("content_block_delta", '"index": 3, "delta": {"type": "text_delta", "text": "x"}') + STOP,
            id="words for a block that never began",
        ),
        pytest.param(
            START
            + TOOL
            + event("content_block_delta", '"index": 0, "delta": {"type": "input_json_delta", "partial_json": "{]"}')
            + STOP,
            id="a tool's input that is not JSON",
        ),
        pytest.param(b"event: error\ndata: upstream went away\n\n", id="an error in plain text"),
    ],
)
async def test_a_damaged_stream_is_asked_for_again(
    body: bytes, make_model: Make, serve: Serve, clock: Any, ask: Ask
) -> None:
    """Whatever a proxy makes of a stream, half-read words never become a reply."""
    model = make_model(base_url=await serve(SSE + body, SSE + body), attempts=2)
    with pytest.raises(ModelError) as error:
        await model.reply(ask())
    assert error.value.kind == "broken"
    assert clock.slept == [1.0]


async def test_the_usage_at_the_end_replaces_that_at_the_start(make_model: Make, serve: Serve, ask: Ask) -> None:
    """Counts in `message_delta` are running totals, not additions."""
    model = make_model(base_url=await serve(SSE + START + STOP))
    assert (await model.reply(ask())).usage == Usage(input=5, output=3)


async def test_blocks_nobody_knows_yet_are_kept_as_they_are(make_model: Make, serve: Serve, ask: Ask) -> None:
    """A block of a future kind survives, so that it can be sent back unchanged; so does its stop reason."""
    block = event("content_block_start", '"index": 0, "content_block": {"type": "dream", "of": {"sheep": [1, 2]}}')
    done = event("message_delta", '"delta": {"stop_reason": "woke_up"}, "usage": {"output_tokens": 3}')
    model = make_model(base_url=await serve(SSE + START + block + done))
    reply = await model.reply(ask())
    assert reply.content == (Opaque({"type": "dream", "of": {"sheep": [1, 2]}}),)
    assert reply.stop_reason == "end_turn"


async def test_a_date_to_come_back_at_is_honoured(make_model: Make, serve: Serve, clock: Any, ask: Ask) -> None:
    """`retry-after` may be a date; the pause is counted from our clock."""
    late = b"HTTP/1.1 503 No\r\nretry-after: Mon, 23 Nov 2026 12:00:42 GMT\r\ncontent-length: 0\r\n\r\n"
    model = make_model(base_url=await serve(late, SSE + START + STOP))
    await model.reply(ask())
    assert clock.slept == [42.0]


async def test_a_server_that_is_not_there_is_named(make_model: Make, ask: Ask) -> None:
    """Refused connections are tried again, then told with the setting to look at."""
    with ScriptedClaude() as gone:
        url = gone.url
    with pytest.raises(ModelError, match="ANTHROPIC_BASE_URL") as error:
        await make_model(base_url=url, attempts=2).reply(ask())
    assert error.value.kind == "broken"


async def test_a_proxy_is_not_asked_for_a_server_on_loopback(
    make_model: Make, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    """The offline demo works behind a company's proxy settings."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await make_model(attempts=1).reply(ask("review"))).text == "It is good."


async def test_the_given_key_and_address_win_over_the_environment(
    make_model: Make, monkeypatch: pytest.MonkeyPatch, claude: ScriptedClaude, ask: Ask
) -> None:
    """What settings say is used, not what the SDK would find by itself."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another")
    await make_model(attempts=1).reply(ask("review"))
    assert [asked.phase for asked in claude.requests] == ["review"]


async def test_without_a_key_nothing_is_sent(clock: Any, claude: ScriptedClaude, ask: Ask) -> None:
    """The reply fails at once, with the line that `available` gives."""
    model = ClaudeModel("", claude.url, clock=clock)
    line = model.available()
    assert line is not None
    assert "ANTHROPIC_API_KEY" in line
    with pytest.raises(ModelError) as error:
        await model.reply(ask())
    assert (error.value.kind, str(error.value)) == ("auth", line)
    assert claude.requests == []


async def test_closing_is_not_the_end(model: ClaudeModel, ask: Ask) -> None:
    """A model that was closed, twice even, connects again when asked."""
    await model.reply(ask("review"))
    await model.aclose()
    await model.aclose()
    assert (await model.reply(ask("review"))).text == "It is good."


async def test_calls_that_come_together_make_one_client(model: ClaudeModel, ask: Ask) -> None:
    """The first calls of parallel agents do not each open connections of their own."""
    await asyncio.gather(model.warm(), model.warm(), model.reply(ask("review")))
    client = model._client
    await model.reply(ask())
    assert model._client is client


def test_the_sdk_is_imported_on_first_use_only() -> None:
    """`bot.cli` can import this package, and the scripted Claude, without waiting 2 s."""
    code = (
        "import sys, bot.adapters.claude, bot.offline.claude, bot.core.prices\n"
        "assert not {'anthropic', 'httpx2'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_key_is_not_shown(clock: Any) -> None:
    """A model in a log line or traceback does not give its key away."""
    assert "secret" not in repr(ClaudeModel("secret-key", clock=clock))
