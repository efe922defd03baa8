"""What the local GitHub remembers of reviews: what was said of a pull request, and the threads on its lines."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.core.repository import DiffSide, ReviewState

if TYPE_CHECKING:
    from bot.offline.github.state import Actor, User


@dataclass(slots=True, eq=False)
class Review:
    """A review that was submitted; REST has its state in capitals."""

    id: int
    by: "Actor"
    state: ReviewState
    body: str
    commit_sha: str
    submitted_at: datetime


@dataclass(slots=True, eq=False)
class ReviewComment:
    """A comment in a thread, and the review it came with."""

    id: int
    review: Review
    by: "Actor"
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True, eq=False)
class Thread:
    """A conversation on lines of a diff. `line` is None once newer commits changed it; `original_line` stays."""

    id: int
    path: str
    side: DiffSide
    line: int | None
    start_line: int | None
    original_line: int
    original_start_line: int | None
    commit_sha: str
    original_commit_sha: str
    position: int
    hunk: str
    comments: list[ReviewComment] = field(default_factory=list)
    resolved_by: "User | None" = None
