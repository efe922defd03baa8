"""Our messages as the API's, checked against the SDK's own types."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.claude.wire import estimated_input_tokens, reply_from, request_params, usage_from
from bot.core.conversation import (
    Block,
    Message,
    ModelRequest,
    Opaque,
    Text,
    ToolResult,
    ToolSpec,
    ToolUse,
    Usage,
)
from bot.offline.claude.checks import violations
from bot.offline.claude.replies import prompt_usage
from bot.offline.claude.strict import type_violations

MARK = {"type": "ephemeral"}
THINKING: dict[str, Any] = {"type": "thinking", "thinking": "", "signature": "abc"}
TOOLS = (ToolSpec("Read", "Reads.", {"type": "object"}), ToolSpec("Grep", "Searches.", {"type": "object"}))


def request(*messages: Message, system: str = "Be brief.", tools: tuple[ToolSpec, ...] = TOOLS) -> ModelRequest:
    return ModelRequest("claude-sonnet-5-5", system, messages, tools, 1000)


def user(*blocks: Block) -> Message:
    return Message("user", blocks)


def assistant(*blocks: Block) -> Message:
    return Message("assistant", blocks)


def marked(params: dict[str, Any]) -> list[str]:
    """Where the cache marks are."""
    places = [f"tools.{i}" for i, tool in enumerate(params.get("tools", [])) if tool.get("cache_control") == MARK]
    places += [f"system.{i}" for i, part in enumerate(params.get("system", [])) if part.get("cache_control") == MARK]
    return places + [
        f"messages.{i}.{j}"
        for i, message in enumerate(params["messages"])
        for j, block in enumerate(message["content"])
        if block.get("cache_control") == MARK
    ]


def test_tools_system_and_the_last_two_user_messages_are_marked_for_the_cache() -> None:
    """Four marks, the most allowed; the earlier user message is where the previous call stopped writing."""
    calls = (ToolUse("t1", "Read", {}), ToolUse("t2", "Read", {}))
    results = (ToolResult("t1", "one"), ToolResult("t2", "two"))
    params = request_params(request(user(Text("Hello")), assistant(*calls), user(*results)))
    assert marked(params) == ["tools.1", "system.0", "messages.0.0", "messages.2.1"]


def test_a_first_call_is_marked_at_its_only_message() -> None:
    """One message gets one mark, not two."""
    assert marked(request_params(request(user(Text("Hello"))))) == ["tools.1", "system.0", "messages.0.0"]


def test_a_conversation_that_ends_with_the_model_is_marked_there() -> None:
    """After `pause_turn` the last block that can carry a mark gets it; thinking cannot."""
    messages = (user(Text("Hello")), assistant(Text("Searching"), Opaque({"type": "server_tool_use", "id": "s"})))
    assert marked(request_params(request(*messages)))[-1] == "messages.1.0"


def test_without_system_and_tools_neither_is_sent() -> None:
    """The API refuses an empty system text."""
    params = request_params(request(user(Text("Hello")), system=" \n", tools=()))
    assert sorted(params) == ["max_tokens", "messages", "model"]


def test_strict_is_said_only_of_strict_tools() -> None:
    """A tool that is not strict has no such key."""
    tools = (ToolSpec("submit", "Hands in.", {"type": "object"}, strict=True), TOOLS[0])
    first, second = request_params(request(user(Text("Hello")), tools=tools))["tools"]
    assert first == {"name": "submit", "description": "Hands in.", "input_schema": {"type": "object"}, "strict": True}
    assert "strict" not in second


def test_a_block_of_the_provider_goes_back_unchanged() -> None:
    """Thinking without visible words is still sent: its signature is what counts."""
    params = request_params(request(user(Text("Hi")), assistant(Opaque(THINKING), Text("Yes")), user(Text("Go"))))
    assert params["messages"][1]["content"] == [THINKING, {"type": "text", "text": "Yes"}]


def test_thinking_can_be_left_out() -> None:
    """Both kinds of thinking go, other blocks of the provider stay."""
    redacted, other = {"type": "redacted_thinking", "data": "x"}, {"type": "server_tool_use", "id": "s"}
    message = assistant(Opaque(THINKING), Opaque(redacted), Opaque(other), Text("Yes"))
    params = request_params(request(user(Text("Hi")), message, user(Text("Go"))), thinking=False)
    assert params["messages"][1]["content"] == [other, {"type": "text", "text": "Yes"}]


@pytest.mark.parametrize("blocks", [(), (Text(""),), (Text(" \n"),)])
def test_a_message_without_words_keeps_its_place(blocks: tuple[Block, ...]) -> None:
    """The API refuses empty texts and empty messages; who speaks when must not change."""
    params = request_params(request(user(Text("Hi")), assistant(*blocks), user(*blocks)))
    assert [m["role"] for m in params["messages"]] == ["user", "assistant", "user"]
    assert params["messages"][1]["content"] == [{"type": "text", "text": "(nothing)"}]
    assert list(violations(params)) == []


def test_a_message_may_not_end_with_thinking() -> None:
    """After a cut-off tool call was left out, thinking can be all that is left."""
    params = request_params(request(user(Text("Hi")), assistant(Text("Yes"), Opaque(THINKING)), user(Text("Go"))))
    assert params["messages"][1]["content"][-1] == {"type": "text", "text": "(nothing)"}


def test_tool_results_go_before_words() -> None:
    """The API wants them first, whatever order the caller had."""
    messages = (user(Text("Hi")), assistant(ToolUse("t", "Read", {})), user(Text("And hurry."), ToolResult("t", "x")))
    kinds = [block["type"] for block in request_params(request(*messages))["messages"][2]["content"]]
    assert kinds == ["tool_result", "text"]


def test_a_failed_tool_says_so() -> None:
    """`is_error` is sent for errors only."""
    calls = assistant(ToolUse("a", "Read", {}), ToolUse("b", "Read", {}))
    results = user(ToolResult("a", "gone", is_error=True), ToolResult("b", ""))
    first, second = request_params(request(user(Text("Hi")), calls, results))["messages"][2]["content"]
    assert first["is_error"] is True
    assert "is_error" not in second


def test_bytes_that_are_no_text_can_be_sent() -> None:
    """A tool's output decoded with `surrogateescape` must not break the call."""
    params = request_params(request(user(Text("bad \udcff byte"))))
    assert params["messages"][0]["content"][0]["text"] == "bad ? byte"


def test_a_request_is_not_changed_by_sending_it() -> None:
    """Schemas, inputs and provider blocks belong to the caller; the marks are put on copies."""
    schema: dict[str, Any] = {"type": "object"}
    given_input = {"file_path": "a"}
    block = dict(THINKING)
    messages = (user(Text("Hi")), assistant(Opaque(block), ToolUse("t", "Read", given_input)))
    wanted = request(*messages, user(ToolResult("t", "x")), tools=(ToolSpec("Read", "Reads.", schema),))
    assert request_params(wanted) == request_params(wanted)
    assert (schema, given_input, block) == ({"type": "object"}, {"file_path": "a"}, THINKING)


async def test_a_tool_input_that_looks_like_a_file_is_not_read() -> None:
    """The SDK reads files for `{"type": "base64"}` objects; a path that the model wrote stays words."""
    from anthropic._utils._prepare import async_prepare_request_data

    trap = {"type": "base64", "data": "/etc/passwd"}
    params = request_params(request(user(Text("Hi")), assistant(ToolUse("t", "Read", trap)), user(ToolResult("t", ""))))
    sent = await async_prepare_request_data(params, location="body")
    assert sent["messages"][1]["content"][0]["input"] == trap


words = st.text(max_size=40)
inputs = st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | words, max_size=3)


@st.composite
def conversations(draw: st.DrawFn) -> ModelRequest:
    """A conversation as a runner would have it, empty replies and odd characters included."""
    messages = [user(Text(draw(words)))]
    for turn in range(draw(st.integers(0, 4))):
        uses = [ToolUse(f"t{turn}-{i}", "Read", draw(inputs)) for i in range(draw(st.integers(0, 3)))]
        thoughts = [Opaque(dict(THINKING))] * draw(st.integers(0, 1))
        messages.append(assistant(*thoughts, Text(draw(words)), *uses))
        results = [ToolResult(use.id, draw(words), draw(st.booleans())) for use in uses]
        messages.append(user(Text(draw(words)), *results))
    return request(*messages, system=draw(words), tools=TOOLS[: draw(st.integers(0, 2))])


@given(conversations(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_conversation_is_a_request_that_the_api_takes(conversation: ModelRequest, thinking: bool) -> None:
    """The SDK's own types and the API's rules about messages find nothing to refuse."""
    params = request_params(conversation, thinking=thinking)
    assert list(violations(params)) == []
    assert type_violations(params) == []


@given(conversations())
@settings(max_examples=60, deadline=None)
def test_the_estimate_covers_what_a_server_counts(conversation: ModelRequest) -> None:
    """Reserved tokens are never fewer than those of the words that are sent."""
    assert prompt_usage(request_params(conversation)).total <= estimated_input_tokens(conversation)


def reply_data(stop: str | None, *content: dict[str, Any]) -> dict[str, Any]:
    return {"model": "claude-x", "stop_reason": stop, "content": list(content)}


WORDS: dict[str, Any] = {"type": "text", "text": "Yes"}
CALL: dict[str, Any] = {"type": "tool_use", "id": "t", "name": "Read", "input": {"a": 1}}


@pytest.mark.parametrize(
    ("stop", "content", "reason"),
    [
        ("end_turn", [WORDS], "end_turn"),
        ("stop_sequence", [WORDS], "end_turn"),
        ("tool_use", [CALL], "tool_use"),
        ("max_tokens", [WORDS], "max_tokens"),
        ("refusal", [], "refusal"),
        ("pause_turn", [WORDS], "pause_turn"),
        ("model_context_window_exceeded", [WORDS], "context_exceeded"),
        ("a_new_one", [WORDS], "end_turn"),
        ("a_new_one", [CALL], "tool_use"),
    ],
)
def test_stop_reasons_get_our_names(stop: str, content: list[dict[str, Any]], reason: str) -> None:
    """One that nobody knows yet is taken by what the reply holds."""
    assert reply_from(reply_data(stop, *content), Usage()).stop_reason == reason


def test_a_reply_keeps_the_order_of_its_blocks() -> None:
    """Words, calls and blocks of the provider come as the model made them; extra keys of known ones are dropped."""
    reply = reply_from(reply_data("tool_use", THINKING, WORDS | {"citations": None}, CALL), Usage(1, 2, 3, 4))
    assert reply.content == (Opaque(THINKING), Text("Yes"), ToolUse("t", "Read", {"a": 1}))
    assert (reply.usage, reply.model) == (Usage(1, 2, 3, 4), "claude-x")


def test_a_call_before_the_cut_is_kept() -> None:
    """Only the block that `max_tokens` cut can be a fragment."""
    assert reply_from(reply_data("max_tokens", CALL, WORDS), Usage()).tool_uses != ()
    assert reply_from(reply_data("max_tokens", WORDS, CALL), Usage()).tool_uses == ()


def test_missing_counts_are_zero() -> None:
    """Not every provider tells about the cache."""
    assert usage_from({"input_tokens": 3, "output_tokens": 2, "cache_read_input_tokens": None}) == Usage(3, 2, 0, 0)
    assert usage_from({}) == Usage()
