"""What the local GitHub remembers of checks on commits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from bot.core.repository import Conclusion
from bot.core.reviews import Annotation

if TYPE_CHECKING:
    from bot.offline.github.state import App, User


@dataclass(slots=True, eq=False)
class CheckRun:
    """One check of one commit; it runs until it has a conclusion."""

    id: int
    name: str
    conclusion: Conclusion | None
    title: str | None
    summary: str | None
    details_url: str
    annotations: tuple[Annotation, ...]
    started_at: datetime
    completed_at: datetime | None


@dataclass(slots=True, eq=False)
class CheckSuite:
    """All checks of one App on one commit, oldest first; several of one name are tries."""

    id: int
    app: "App"
    sha: str
    created_at: datetime
    runs: list[CheckRun] = field(default_factory=list)

    def latest(self) -> list[CheckRun]:
        """The newest of each name."""
        return list({run.name: run for run in self.runs}.values())

    @property
    def conclusion(self) -> Conclusion | None:
        """The worst of its checks; None while one of them runs."""
        ends = [run.conclusion for run in self.latest()]
        if None in ends:
            return None
        worst: tuple[Conclusion, ...] = ("failure", "timed_out", "action_required", "cancelled", "success")
        return next((end for end in worst if end in ends), "neutral")


StatusState = Literal["success", "failure", "error", "pending"]


@dataclass(slots=True, eq=False)
class CommitStatus:
    """A status that something outside set on a commit."""

    id: int
    by: "User"
    context: str
    state: StatusState
    description: str | None
    target_url: str | None
    created_at: datetime
