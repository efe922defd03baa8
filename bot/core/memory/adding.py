"""A memory that somebody adds by hand."""

from datetime import datetime

from bot.core.memory.harvest import TEXT_CHARS, TITLE_CHARS, first_line, safe
from bot.core.memory.memories import Memory, Source, State, memory_id
from bot.core.repository import Repo
from bot.core.text import truncate_middle

BY_HAND = 0.9
"""Trust in what somebody took the trouble to write down."""


def added(repo: Repo, text: str, source: Source, at: datetime, *, approved: bool, shared: bool = False) -> Memory:
    """The note, `pending` unless it comes from somebody who may write; the same words have the same id."""
    kept = truncate_middle(safe(text), TEXT_CHARS)
    title = truncate_middle(first_line(kept) or kept, TITLE_CHARS)
    state: State = "active" if approved else "pending"
    about = " ".join(kept.lower().split())
    return Memory(
        memory_id(repo, "note", "", about),
        repo,
        "note",
        title,
        kept,
        source,
        at,
        trust=BY_HAND,
        state=state,
        shared=shared,
    )
