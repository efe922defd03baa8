"""What a pull request has beyond its text: changed files, reviews, threads of comments, checks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.patches import changed_lines, commentable, find_line, parse_patch
from bot.core.repository import Conclusion, DiffSide, ReviewState, Sha

ReviewEvent = Literal["COMMENT", "APPROVE", "REQUEST_CHANGES"]


@dataclass(frozen=True, slots=True)
class PullFile:
    """One changed file. `patch` is None for a binary file, and for one too long for GitHub to show."""

    path: str
    status: Literal["added", "removed", "modified", "renamed", "copied", "changed", "unchanged"]
    additions: int
    deletions: int
    patch: str | None
    previous_path: str | None = None

    @property
    def commentable(self) -> frozenset[tuple[DiffSide, int]]:
        """Every (side, line) that can carry a comment."""
        return commentable(self.patch)

    @property
    def changed_lines(self) -> frozenset[int]:
        """Numbers of the lines that the pull request adds or changes."""
        return changed_lines(self.patch)


@dataclass(frozen=True, slots=True)
class InlineComment:
    """A comment to be put on a line, or on the lines from `start_line` to `line`, of a pull request's diff."""

    path: str
    line: int
    body: str
    side: DiffSide = "RIGHT"
    start_line: int | None = None

    def fits(self, file: PullFile) -> bool:
        """Whether GitHub will take it: both ends in the diff, in the same hunk, in order."""
        lines = parse_patch(file.patch)
        end = find_line(lines, self.side, self.line)
        start = end if self.start_line is None else find_line(lines, self.side, self.start_line)
        if file.path != self.path or end is None or start is None:
            return False
        return start.hunk == end.hunk and (self.start_line is None or self.start_line < self.line)


@dataclass(frozen=True, slots=True)
class ReviewDraft:
    """A review to be submitted, of the commit it was written for. Its body carries the mark it is found by."""

    commit: Sha
    body: str
    event: ReviewEvent = "COMMENT"
    comments: tuple[InlineComment, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """A review that was submitted."""

    id: int
    author: str
    author_is_bot: bool
    state: ReviewState
    body: str
    commit: Sha
    html_url: str
    submitted_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """A comment on a line of a pull request; `line` is None when newer commits changed that line, or for a file."""

    id: int
    author: str
    author_is_bot: bool
    body: str
    path: str
    line: int | None
    in_reply_to: int | None
    html_url: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReviewThread:
    """A conversation on a line. `id` is its name in GraphQL; comments are oldest first, never none."""

    id: str
    path: str
    line: int | None
    is_resolved: bool
    is_outdated: bool
    comments: tuple[ReviewComment, ...]
    hunk: str = ""
    """The lines of the diff that it was begun on, the last of them the line itself."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A check's remark on lines of a file."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check run or a commit status on a commit, the newest of its name; `conclusion` is None until it ends."""

    name: str
    conclusion: Conclusion | None
    title: str = ""
    summary: str = ""
    url: str = ""
    app: str = ""
    annotations: tuple[Annotation, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it ended in a way that wants mending; a cancelled or stale one tells nothing of the code."""
        return self.conclusion in ("failure", "timed_out", "startup_failure")
