"""What an agent is given to read: pieces with their sources, made shorter by what comes next, within a budget."""

from bot.core.context.budget import CONTEXT_TOKENS, Context, build
from bot.core.context.pieces import (
    CALLED,
    EXPLAIN,
    SYSTEM,
    Piece,
    first_message,
    memory_pieces,
    request_pieces,
    result_pieces,
    system_prompt,
    task_piece,
    team_piece,
    wish_pieces,
)

__all__ = [
    "CALLED",
    "CONTEXT_TOKENS",
    "EXPLAIN",
    "SYSTEM",
    "Context",
    "Piece",
    "build",
    "first_message",
    "memory_pieces",
    "request_pieces",
    "result_pieces",
    "system_prompt",
    "task_piece",
    "team_piece",
    "wish_pieces",
]
