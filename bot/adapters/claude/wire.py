"""Our messages as the Messages API has them, and back."""

import json
from collections.abc import Mapping
from typing import assert_never

from bot.core.conversation import (
    Block,
    Json,
    Message,
    ModelRequest,
    Opaque,
    Reply,
    StopReason,
    Text,
    ToolResult,
    ToolSpec,
    ToolUse,
    Usage,
)
from bot.core.tokens import estimate_tokens

_CACHE = {"type": "ephemeral"}
EDITING_BETA = "context-management-2025-06-27"
_CLEAR: Json = {
    "type": "clear_tool_uses_20250919",
    "trigger": {"type": "input_tokens", "value": 100_000},
    "keep": {"type": "tool_uses", "value": 4},
    "clear_at_least": {"type": "input_tokens", "value": 20_000},
}
"""https://platform.claude.com/docs/en/build-with-claude/context-editing"""
_NOTHING: Json = {"type": "text", "text": "(nothing)"}
"""Stands for what is not there: the API takes no empty message, and none that ends with thinking."""
_THINKING = frozenset({"thinking", "redacted_thinking"})
_STOPS: Mapping[str, StopReason] = {
    "end_turn": "end_turn",
    "stop_sequence": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "refusal": "refusal",
    "pause_turn": "pause_turn",
    "model_context_window_exceeded": "context_exceeded",
}
_TOKENS_AROUND_A_PART = 10
_TOKENS_OF_THE_TOOL_PROMPT = 800
"""What the API adds by itself when tools are offered: up to 700 tokens by its pricing page."""


def request_params(request: ModelRequest, *, thinking: bool = True) -> Json:
    """The arguments of `messages.stream`. The same request always gives the same ones: the prompt cache needs that.

    Four cache marks, the most that are allowed: the last tool, the system text, the last message and the user message
    before it (a mark only finds what was cached up to 20 blocks earlier, and a turn may add more). With `thinking` off
    the model's thinking is left out of the conversation.
    """
    messages = [_message(message, thinking) for message in request.messages]
    users = [message for message in messages if message["role"] == "user"]
    for message in {id(m): m for m in (*users[-2:], *messages[-1:])}.values():
        _mark(message["content"])
    params: Json = {"model": request.model, "max_tokens": request.max_tokens, "messages": messages}
    if request.system.strip():
        params["system"] = [{"type": "text", "text": _clean(request.system), "cache_control": _CACHE}]
    if request.tools:
        params["tools"] = [_tool(tool) for tool in request.tools]
        params["tools"][-1]["cache_control"] = _CACHE
    return params


def editing_params() -> Json:
    """More arguments of `messages.stream`: the API itself clears old answers of tools from a long conversation.

    Done there, the model's thinking stays valid; done here, it would have to be left out.
    """
    return {
        "extra_headers": {"anthropic-beta": EDITING_BETA},
        "extra_body": {"context_management": {"edits": [_CLEAR]}},
    }


def _tool(tool: ToolSpec) -> Json:
    data: Json = {"name": tool.name, "description": tool.description, "input_schema": tool.schema}
    return data | {"strict": True} if tool.strict else data


def _message(message: Message, thinking: bool) -> Json:
    """Tool results go first, as the API wants them; what it does not take is made good."""
    results = [block for block in message.content if isinstance(block, ToolResult)]
    others = [block for block in message.content if not isinstance(block, ToolResult)]
    blocks = [data for block in (*results, *others) if (data := _block(block))]
    if not thinking:
        blocks = [data for data in blocks if data.get("type") not in _THINKING]
    if not blocks or blocks[-1].get("type") in _THINKING:
        blocks.append(dict(_NOTHING))
    return {"role": message.role, "content": blocks}


def _block(block: Block) -> Json | None:
    match block:
        case Text(text):
            return {"type": "text", "text": _clean(text)} if text.strip() else None
        case ToolUse(call, name, given):
            return {"type": "tool_use", "id": call, "name": name, "input": given}
        case ToolResult(call, content, is_error):
            data: Json = {"type": "tool_result", "tool_use_id": call, "content": _clean(content)}
            return data | {"is_error": True} if is_error else data
        case Opaque(data):
            return dict(data)
        case _:
            assert_never(block)


def _clean(text: str) -> str:
    """Without lone surrogates (a tool's undecodable bytes), which cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _mark(blocks: list[Json]) -> None:
    """Thinking cannot carry a mark; other blocks of the provider are not touched."""
    for data in reversed(blocks):
        if data.get("type") in {"text", "tool_result", "tool_use"}:
            data["cache_control"] = _CACHE
            return


def reply_from(message: Json, usage: Usage) -> Reply:
    """A whole message of the API as our reply; `usage` is what all attempts at it used.

    A tool call that was cut off by `max_tokens` is left out: its input is a fragment that happens to parse.
    """
    blocks = [_block_from(data) for data in message.get("content") or []]
    stop = message.get("stop_reason")
    if stop in {"max_tokens", "model_context_window_exceeded"} and blocks and isinstance(blocks[-1], ToolUse):
        blocks.pop()
    calls = any(isinstance(block, ToolUse) for block in blocks)
    reason = _STOPS.get(str(stop), "tool_use" if calls else "end_turn")
    return Reply(tuple(blocks), reason, usage, str(message.get("model") or ""))


def _block_from(data: Json) -> Block:
    match data:
        case {"type": "text", "text": str(text)}:
            return Text(text)
        case {"type": "tool_use", "id": str(call), "name": str(name), "input": dict(given)}:
            return ToolUse(call, name, given)
        case _:
            return Opaque(data)


def usage_from(usage: Json) -> Usage:
    """The `usage` object of a message; a count that is missing is 0."""

    def count(key: str) -> int:
        return int(usage.get(key) or 0)

    return Usage(
        input=count("input_tokens"),
        output=count("output_tokens"),
        cache_write=count("cache_creation_input_tokens"),
        cache_read=count("cache_read_input_tokens"),
    )


def estimated_input_tokens(request: ModelRequest) -> int:
    """An upper bound of the prompt's tokens, by `estimate_tokens` and what the API puts around the parts."""
    tokens = _part(request.system)
    for tool in request.tools:
        tokens += _part(f"{tool.name} {tool.description} {_json(tool.schema)}")
    for message in request.messages:
        tokens += _TOKENS_AROUND_A_PART + sum(_part(_words(block)) for block in message.content)
    return tokens + (_TOKENS_OF_THE_TOOL_PROMPT if request.tools else 0)


def _part(text: str) -> int:
    return estimate_tokens(text) + _TOKENS_AROUND_A_PART


def _words(block: Block) -> str:
    match block:
        case Text(text):
            return text
        case ToolUse(call, name, given):
            return f"{call} {name} {_json(given)}"
        case ToolResult(call, content):
            return f"{call} {content}"
        case Opaque(data):
            return _json(data)
        case _:
            assert_never(block)


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
