"""The strict tools by which a phase hands in its result, and what is wrong with a result that was handed in."""

import json
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.core.conversation import Json, ToolSpec
from bot.core.planning import Task, problems
from bot.core.runs import PhaseName, PhaseResult

Line = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=30_000)]
Path = Annotated[str, StringConstraints(min_length=1, max_length=400)]
MAX_SUB_ISSUES = 20


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Requirements(_Form):
    """What will be true afterwards."""

    summary: Line
    acceptance: Annotated[list[Line], Field(min_length=1, max_length=20)]
    assumptions: list[Line]
    out_of_scope: list[Line]


class Design(_Form):
    """How it will be built."""

    summary: Line
    design: Prose
    files: Annotated[list[Path], Field(min_length=1, max_length=100)]
    risks: list[Line]


class TaskForm(_Form):
    """One task of a plan."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,19}$")]
    title: Annotated[str, StringConstraints(min_length=3, max_length=100)]
    description: Prose
    agent: Line
    files: Annotated[list[Path], Field(min_length=1, max_length=50)]
    depends_on: list[str]
    acceptance: list[Line]

    def task(self) -> Task:
        return Task(
            self.id,
            " ".join(self.title.split()),
            self.description,
            self.agent,
            tuple(dict.fromkeys(path.removeprefix("./") for path in self.files)),
            tuple(self.depends_on),
            tuple(self.acceptance),
        )


class Tasks(_Form):
    """The order of work."""

    tasks: Annotated[list[TaskForm], Field(min_length=1)]


class ReviewComment(_Form):
    """One remark on one line, or on those from `start_line` to `line`; a suggestion takes their place."""

    path: Path
    line: Annotated[int, Field(ge=1)]
    body: Prose
    start_line: Annotated[int, Field(ge=0)] = 0
    suggestion: Annotated[str, StringConstraints(max_length=10_000)] = ""


class Review(_Form):
    """What the reviewer thinks."""

    verdict: Literal["approve", "request_changes"]
    summary: Prose
    comments: Annotated[list[ReviewComment], Field(max_length=50)]


class MemberForm(_Form):
    """One agent of a team, and why it is needed."""

    name: Line
    reason: Line


class Team(_Form):
    """Who works on the request."""

    summary: Line
    agents: Annotated[list[MemberForm], Field(min_length=1, max_length=40)]


class Finding(_Form):
    """One thing that an audit found; line 0 means the whole file."""

    severity: Literal["high", "medium", "low"]
    path: Path
    line: Annotated[int, Field(ge=0)]
    problem: Prose
    remedy: Prose


class Findings(_Form):
    """What an audit found; nothing is a result, too."""

    summary: Prose
    findings: Annotated[list[Finding], Field(max_length=50)]


class ThreadAnswer(_Form):
    """What became of one thread of a review; `id` is the name it was given."""

    id: Line
    answer: Prose
    done: bool


class Revision(_Form):
    """What was changed, and an answer to every thread."""

    summary: Prose
    threads: Annotated[list[ThreadAnswer], Field(max_length=200)]


class Priority(_Form):
    """One thing to do, and how much it matters."""

    title: Line
    priority: Literal["must", "should", "could", "wont"]
    why: Line
    effort: Literal["S", "M", "L"]


class Milestone(_Form):
    """What is done together, and can be shown."""

    milestone: Line
    items: Annotated[list[Line], Field(min_length=1, max_length=20)]


class SubIssue(_Form):
    """One issue that can be built by itself."""

    title: Annotated[str, StringConstraints(min_length=3, max_length=200)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class Roadmap(_Form):
    """What to do first, in which order, and what has to be decided before."""

    summary: Line
    priorities: Annotated[list[Priority], Field(min_length=1, max_length=30)]
    roadmap: Annotated[list[Milestone], Field(min_length=1, max_length=12)]
    questions: Annotated[list[Line], Field(max_length=20)]
    sub_issues: Annotated[list[SubIssue], Field(max_length=MAX_SUB_ISSUES)]


Submission = Requirements | Design | Tasks | Review | Team | Findings | Revision | Roadmap

_FORMS: dict[PhaseName, tuple[str, type[Submission], str]] = {
    "team": ("submit_team", Team, "Hand in the team. Call it once, at the end."),
    "requirements": ("submit_requirements", Requirements, "Hand in the requirements. Call it once, at the end."),
    "design": ("submit_design", Design, "Hand in the design. Call it once, at the end."),
    "tasks": ("submit_tasks", Tasks, "Hand in the task plan. Call it once, at the end."),
    "security": ("submit_findings", Findings, "Hand in what you found. Call it once, at the end."),
    "performance": ("submit_findings", Findings, "Hand in what you found. Call it once, at the end."),
    "roadmap": ("submit_roadmap", Roadmap, "Hand in priorities and roadmap. Call it once, at the end."),
    "review": ("submit_review", Review, "Hand in the review. Call it once, at the end."),
    "critique": ("submit_review", Review, "Hand in the review. Call it once, at the end."),
    "revision": ("submit_revision", Revision, "Hand in the revision. Call it once, when the files are changed."),
}


def submit_tool(phase: PhaseName) -> ToolSpec | None:
    """The tool that ends this phase, None where plain text ends it."""
    if phase not in _FORMS:
        return None
    name, form, description = _FORMS[phase]
    return ToolSpec(name, description, _strict_schema(form), strict=True)


def read_submission(
    phase: PhaseName, data: Json, agents: Sequence[str], required: Sequence[str] = ()
) -> Submission | str:
    """The checked result, or what is wrong with it in words that the agent can act on.

    `agents` are those that a task or a team may name, `required` those that a team must have, or the threads that a
    revision must answer.
    """
    _, form, _ = _FORMS[phase]
    try:
        result = form.model_validate(data)
    except ValidationError as error:
        return "\n".join(f"- {'.'.join(map(str, e['loc'])) or 'input'}: {e['msg']}" for e in error.errors()[:10])
    wrong: list[str] = []
    if isinstance(result, Tasks):
        wrong = problems([t.task() for t in result.tasks], agents)
    elif isinstance(result, Team):
        wrong = _team_problems([member.name for member in result.agents], agents, required)
    elif isinstance(result, Revision):
        wrong = _thread_problems([thread.id for thread in result.threads], required)
    elif isinstance(result, Roadmap):
        titles = [" ".join(issue.title.lower().split()) for issue in result.sub_issues]
        wrong = [f"Two sub-issues are called {title!r}." for title in sorted(set(titles)) if titles.count(title) > 1]
    return "\n".join(f"- {sentence}" for sentence in wrong[:10]) if wrong else result


def _team_problems(names: Sequence[str], agents: Sequence[str], required: Sequence[str]) -> list[str]:
    found = [f"There is no agent {name!r}; there are: {', '.join(agents)}." for name in names if name not in agents]
    found += [f"{name!r} is missing; it is needed in this run." for name in required if name not in names]
    return found + [f"{name!r} is there twice." for name in dict.fromkeys(names) if names.count(name) > 1]


def _thread_problems(ids: Sequence[str], required: Sequence[str]) -> list[str]:
    found = [
        f"There is no thread {name!r}; there are: {', '.join(required) or 'none'}."
        for name in ids
        if name not in required
    ]
    found += [f"The thread {name!r} is not answered." for name in required if name not in ids]
    return found + [f"The thread {name!r} is answered twice." for name in dict.fromkeys(ids) if ids.count(name) > 1]


_UNSUPPORTED = frozenset(
    {"title", "minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern", "default"}
)


def _strict_schema(form: type[BaseModel]) -> Json:
    """A schema that strict tools take: no size limits (we check those ourselves), no references."""
    schema: Json = form.model_json_schema()
    definitions: Json = schema.pop("$defs", {})

    def clean(node: object) -> object:
        if isinstance(node, list):
            return [clean(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return clean(definitions[str(node["$ref"]).rpartition("/")[2]])
        return {
            key: {name: clean(sub) for name, sub in value.items()} if key == "properties" else clean(value)
            for key, value in node.items()
            if key not in _UNSUPPORTED
        }

    cleaned = clean(schema)
    assert isinstance(cleaned, dict)
    return cleaned


def tasks_in(result: PhaseResult) -> list[Task]:
    """The tasks that a finished task plan handed in."""
    return [form.task() for form in Tasks.model_validate(json.loads(result.data)["submission"]).tasks]
