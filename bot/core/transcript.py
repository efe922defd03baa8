"""Conversations as JSON text, so that a turn can be stored and taken up again after a crash."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from bot.core.conversation import Reply, ToolResult

_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)
_RESULTS: TypeAdapter[tuple[ToolResult, ...]] = TypeAdapter(tuple[ToolResult, ...])


def reply_to_json(reply: Reply) -> str:
    return _REPLY.dump_json(reply).decode()


def reply_from_json(text: str) -> Reply:
    """Raises `ValueError` for text that no reply was written to."""
    return _REPLY.validate_json(text)


def results_to_json(results: Sequence[ToolResult]) -> str:
    return _RESULTS.dump_json(tuple(results)).decode()


def results_from_json(text: str) -> tuple[ToolResult, ...]:
    """Raises `ValueError` for text that no results were written to."""
    return _RESULTS.validate_json(text)
