"""A turn of a session as the Messages API sends it: tokens, content blocks, server-sent events."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.conversation import Json, Usage
from bot.core.tokens import estimate_tokens
from bot.offline.claude.checks import blocks_of
from bot.offline.claude.heading import Heading
from bot.offline.claude.session import Turn

_PIECE = 40
"""Characters in one delta."""
_WIRE_STOPS = {"context_exceeded": "model_context_window_exceeded"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One call of the model, as the server saw it; `turn` is from 0, `tokens` are those of the whole prompt."""

    phase: str
    agent: str
    run: str
    task: str | None
    attempt: int | None
    turn: int
    model: str
    tokens: int
    tools: tuple[str, ...] = ()
    fault: str = ""


def prompt_usage(body: Json) -> Usage:
    """The prompt's tokens by `estimate_tokens`, split as the prompt cache would split them.

    What the request before this one already had (all before the last reply of the model) is read from the cache, what
    follows up to the last mark is written to it, the rest is plain input. Without marks all is plain input. Nothing is
    remembered between calls, so that a repeated call counts the same.
    """
    parts = [(_tokens(tool), _marked(tool), False) for tool in body.get("tools") or []]
    system = body.get("system") or []
    parts += [(_tokens(part), _marked(part), False) for part in (system if isinstance(system, list) else [system])]
    last_reply = max((i for i, m in enumerate(body["messages"]) if m.get("role") == "assistant"), default=-1)
    for index, message in enumerate(body["messages"]):
        parts += [(_tokens(block), _marked(block), index >= last_reply >= 0) for block in blocks_of(message)]
    end = max((index + 1 for index, (_, marked, _) in enumerate(parts) if marked), default=0)
    if body.get("cache_control"):
        end = len(parts)
    read = sum(tokens for tokens, _, new in parts[:end] if not new) if last_reply >= 0 else 0
    written = sum(tokens for tokens, _, _ in parts[:end]) - read
    return Usage(input=sum(tokens for tokens, _, _ in parts[end:]), cache_write=written, cache_read=read)


def _marked(part: object) -> bool:
    return isinstance(part, dict) and bool(part.get("cache_control"))


def _tokens(part: object) -> int:
    """Of a block, a tool or the system text: its words, and as JSON what has no words."""
    match part:
        case {"type": "text", "text": str(text)} | {"type": "thinking", "thinking": str(text)} | str(text):
            return estimate_tokens(text)
        case {"type": "tool_use", "id": call, "name": name, "input": given}:
            return estimate_tokens(f"{call} {name} {_json(given)}")
        case {"type": "tool_result", "tool_use_id": call, "content": content}:
            return estimate_tokens(f"{call} {content if isinstance(content, str) else _json(content)}")
        case {"name": name, "description": description, "input_schema": schema}:
            return estimate_tokens(f"{name} {description} {_json(schema)}")
        case _:
            return estimate_tokens(_json(part))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def content_of(turn: Turn, heading: Heading, number: int, body: Json) -> list[Json]:
    """The blocks of a turn. Ids are made of what was asked: a repeated call gets the same, another run gets others."""
    blocks: list[Json] = []
    if turn.thinking:
        blocks.append({"type": "thinking", "thinking": turn.thinking, "signature": signature(body, turn.thinking)})
    if turn.text:
        blocks.append({"type": "text", "text": turn.text})
    for index, call in enumerate(turn.tools):
        name = f"{heading}|{heading.run}|{number}|{index}"
        blocks.append({"type": "tool_use", "id": f"toolu_{_digest(name)}", "name": call.name, "input": call.input})
    return blocks


def signature(body: Json, thinking: str) -> str:
    """Binds thinking to the model and the words before it, as the API's newer models do."""
    words = [blocks_of(message) for message in body["messages"]]
    return _digest(json.dumps([body["model"], body.get("tools"), body.get("system"), words, thinking]))


def stale_thinking(body: Json) -> int | None:
    """Index of the first message whose thinking was made in another conversation, None if all of it fits."""
    bare = _without_marks(body)
    for index, message in enumerate(bare["messages"]):
        before = bare | {"messages": bare["messages"][:index]}
        for block in blocks_of(message):
            if block.get("type") == "thinking" and block.get("signature") != signature(before, block["thinking"]):
                return index
    return None


def message_of(turn: Turn, heading: Heading, number: int, body: Json) -> Json:
    """The whole reply, as a call without streaming gets it."""
    content = content_of(turn, heading, number, _without_marks(body))
    words = sum(_tokens(block) for block in content)
    usage = turn.usage.as_usage if turn.usage else prompt_usage(body) + Usage(output=max(1, words))
    return {
        "id": f"msg_{_digest(f'{heading}|{heading.run}|{number}')}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": content,
        "stop_reason": _WIRE_STOPS.get(turn.stops_with, turn.stops_with),
        "stop_sequence": None,
        "usage": wire_usage(usage),
    }


def wire_usage(usage: Usage) -> Json:
    """Token counts by their names in the API."""
    return {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
    }


def events_of(message: Json) -> Iterator[Json]:
    """The same reply as a stream: the prompt's tokens come with the first event, the output's at the end."""
    usage = message["usage"]
    first = usage | {"output_tokens": min(1, usage["output_tokens"])}
    begun = message | {"content": [], "stop_reason": None, "usage": first}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(message["content"]):
        yield {"type": "content_block_start", "index": index, "content_block": _begun(block)}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    if message["stop_reason"] == "refusal":
        stop["stop_details"] = {"type": "refusal", "category": None, "explanation": None}
    yield {"type": "message_delta", "delta": stop, "usage": {"output_tokens": usage["output_tokens"]}}
    yield {"type": "message_stop"}


def _begun(block: Json) -> Json:
    empty: dict[str, Json] = {
        "text": {"text": ""},
        "thinking": {"thinking": "", "signature": ""},
        "tool_use": {"input": {}},
    }
    return block | empty[block["type"]]


def _deltas(block: Json) -> Iterator[Json]:
    match block["type"]:
        case "text":
            yield from ({"type": "text_delta", "text": piece} for piece in _pieces(block["text"]))
        case "thinking":
            yield from ({"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"]))
            yield {"type": "signature_delta", "signature": block["signature"]}
        case _:
            pieces = ["", *_pieces(_json(block["input"]))]
            yield from ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)


def _pieces(text: str) -> list[str]:
    return [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]


def _without_marks(body: Json) -> Json:
    """The request as the model sees it: where the cache marks are makes no difference to it."""
    bare: Json = json.loads(json.dumps(body))
    places = [*(bare.get("tools") or []), *blocks_of({"content": bare.get("system")})]
    places += [block for message in bare["messages"] for block in blocks_of(message)]
    for place in places:
        place.pop("cache_control", None)
    return bare


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
