"""The parts of GitHub's answers about checks and commit statuses that we read."""

from typing import Literal

from pydantic import RootModel

from bot.adapters.github.wire import App, Wire
from bot.core.repository import Conclusion
from bot.core.reviews import Annotation, Check


class AnnotationWire(Wire):
    path: str
    start_line: int
    end_line: int
    annotation_level: Literal["notice", "warning", "failure"] | None = None
    message: str | None = None
    title: str | None = None

    def core(self) -> Annotation:
        level = self.annotation_level or "notice"
        return Annotation(self.path, self.start_line, self.end_line, level, self.message or "", self.title or "")


class Annotations(RootModel[list[AnnotationWire]]):
    """A page of annotations."""


class Output(Wire):
    title: str | None = None
    summary: str | None = None
    annotations_count: int = 0


class CheckRunWire(Wire):
    id: int
    name: str
    conclusion: Conclusion | None = None
    details_url: str | None = None
    html_url: str | None = None
    output: Output = Output()
    app: App | None = None

    def core(self, annotations: tuple[Annotation, ...]) -> Check:
        return Check(
            name=self.name,
            conclusion=self.conclusion,
            title=self.output.title or "",
            summary=self.output.summary or "",
            url=self.html_url or self.details_url or "",
            app=self.app.slug if self.app else "",
            annotations=annotations,
        )


class CheckRuns(Wire):
    """A page of check runs."""

    check_runs: list[CheckRunWire]


class StatusWire(Wire):
    context: str
    state: Literal["success", "failure", "error", "pending"]
    description: str | None = None
    target_url: str | None = None

    def core(self) -> Check:
        ends: dict[str, Conclusion] = {"success": "success", "failure": "failure", "error": "failure"}
        return Check(self.context, ends.get(self.state), summary=self.description or "", url=self.target_url or "")


class CombinedStatus(Wire):
    """A page of the newest status of each context."""

    statuses: list[StatusWire]
