"""What the Messages API refuses, checked without the SDK."""

from collections.abc import Iterator
from typing import Any

from bot.core.conversation import Json

_UNSUPPORTED_IN_STRICT = frozenset(
    {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "maxItems"}
)
"""https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations"""
_MARKS = 4


def violations(body: Json) -> Iterator[str]:
    """Each thing that the API would answer with 400, in its own order and nearly its own words."""
    messages = body.get("messages")
    if not isinstance(body.get("model"), str) or not body["model"]:
        yield "model: Field required"
    if not isinstance(body.get("max_tokens"), int) or body["max_tokens"] < 1:
        yield "max_tokens: must be at least 1"
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        yield "messages: at least one message is required"
        return
    yield from _message_violations(messages)
    yield from _pairing_violations(messages)
    yield from _cache_violations(body)
    for index, tool in enumerate(body.get("tools") or []):
        if tool.get("strict"):
            yield from _strict_violations(tool.get("input_schema"), f"tools.{index}.input_schema")


def blocks_of(message: Json) -> list[Json]:
    """The content blocks of a message; a plain string is one text block."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []


def _message_violations(messages: list[Json]) -> Iterator[str]:
    before = None
    for index, message in enumerate(messages):
        role, blocks = message.get("role"), blocks_of(message)
        if role not in {"user", "assistant"}:
            yield f"messages.{index}.role: must be `user` or `assistant`"
        if index == 0 and role != "user":
            yield "messages.0: the first message must use the `user` role"
        if role == before == "user":
            yield f"messages.{index}: two `user` messages in a row; roles must alternate"
        if not blocks:
            yield f"messages.{index}: content must be non-empty"
        elif role == "assistant" and blocks[-1].get("type") in {"thinking", "redacted_thinking"}:
            yield f"messages.{index}: the final block in an assistant message cannot be `thinking`"
        if any(block.get("type") == "text" and not str(block.get("text", "")).strip() for block in blocks):
            yield f"messages.{index}: text content blocks must contain non-whitespace text"
        before = role


def _pairing_violations(messages: list[Json]) -> Iterator[str]:
    """Every `tool_use` is answered once, at the beginning of the next message, and nothing else is answered."""
    for index, message in enumerate(messages):
        asked = [block.get("id") for block in blocks_of(message) if block.get("type") == "tool_use"]
        kinds = [block.get("type") for block in blocks_of(message)]
        given = [block.get("tool_use_id") for block in blocks_of(message) if block.get("type") == "tool_result"]
        previous = blocks_of(messages[index - 1]) if index and messages[index - 1].get("role") == "assistant" else []
        open_calls = [block.get("id") for block in previous if block.get("type") == "tool_use"]
        follows = messages[index + 1] if index + 1 < len(messages) else {}
        if len(set(asked)) < len(asked):
            yield f"messages.{index}: `tool_use` ids must be unique"
        if asked and follows.get("role") != "user":
            yield f"messages.{index}: `tool_use` ids were found without `tool_result` blocks immediately after: {asked}"
        if unknown := [call for call in given if call not in open_calls]:
            yield f"messages.{index}: unexpected `tool_use_id` found in `tool_result` blocks: {unknown}"
        if unanswered := [call for call in open_calls if given.count(call) != 1]:
            yield f"messages.{index}: each `tool_use` needs exactly one `tool_result` here: {unanswered}"
        if given and kinds[: len(given)] != ["tool_result"] * len(given):
            yield f"messages.{index}: `tool_result` blocks must come first"


def _cache_violations(body: Json) -> Iterator[str]:
    places = [body, *_system_blocks(body), *(body.get("tools") or [])]
    places += [block for message in body["messages"] for block in blocks_of(message)]
    if (count := sum(1 for place in places if place.get("cache_control"))) > _MARKS:
        yield f"a maximum of {_MARKS} blocks with cache_control may be provided, found {count}"
    if any(block.get("cache_control") and block.get("type") in {"thinking", "redacted_thinking"} for block in places):
        yield "cache_control cannot be set for thinking blocks"


def _system_blocks(body: Json) -> list[Json]:
    system = body.get("system")
    return [block for block in system if isinstance(block, dict)] if isinstance(system, list) else []


def _strict_violations(schema: Any, path: str) -> Iterator[str]:
    if isinstance(schema, list):
        for index, item in enumerate(schema):
            yield from _strict_violations(item, f"{path}.{index}")
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield f"{path}: for `object` type, `additionalProperties` must be explicitly set to false"
    if isinstance(schema.get("type"), str) and (unsupported := sorted(_UNSUPPORTED_IN_STRICT & set(schema))):
        yield f"{path}: strict tools do not take {', '.join(unsupported)}"
    for key, value in schema.items():
        if key not in {"enum", "const", "default", "examples", "description"}:
            yield from _strict_violations(value, f"{path}.{key}")
