"""Where a run stands: which phases can work now, and where it has to wait for people first."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from bot.core.people import Gate, artefact_hash
from bot.core.planning import Task
from bot.core.runs import Phase, PhaseName, PhaseResult, Run
from bot.core.submissions import tasks_in

TEAM: PhaseName = "team"
DELIVERY: PhaseName = "delivery"
THINKING: frozenset[PhaseName] = frozenset({"product", "requirements", "advice", "design", "tasks"})
"""Phases whose results are approved together before anything is built."""
MANY_FILES = 25
RISKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("how GitHub treats the repository", (".github/*",)),
    (
        "what the project depends on",
        (
            *("requirements*.txt", "pyproject.toml", "setup.py", "package.json", "package-lock.json", "*.lock"),
            *("go.mod", "Cargo.toml", "Gemfile", "pom.xml", "build.gradle*"),
        ),
    ),
    ("stored data", ("migrations/*", "*/migrations/*", "*.sql")),
    ("how it is deployed", ("Dockerfile*", "*compose*.y*ml", "*.tf", "helm/*", "*/helm/*", "k8s/*", "*/k8s/*")),
    ("secrets", (".env*", "*.pem", "*.key")),
)
"""What a planned change may touch only after somebody has looked, by patterns of paths or of their last part."""
Results = Mapping[str, PhaseResult]


@dataclass(frozen=True, slots=True)
class Work:
    """These phases go on now, in the order of the plan."""

    phases: tuple[PhaseName, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """A gate has to be opened."""

    gate: Gate


@dataclass(frozen=True, slots=True)
class End:
    """Nothing is left to do."""


def next_step(run: Run, results: Results, gates: Sequence[Gate]) -> Work | Ask | End:
    """What comes next, from what is stored; no gate of the run is open."""
    if question := _question(run, results, gates):
        return Ask(question)
    rest = [phase for phase in run.plan.phases if not _ended(results.get(phase.name))]
    if any(phase.name == TEAM for phase in rest):
        return Work((TEAM,))
    if not rest:
        return End()
    if any(result.state == "failed" and not passable(result) for result in results.values()):
        return Work(tuple(phase.name for phase in rest))
    if approval := _approval(run, results, gates):
        return Ask(approval)
    return Work(_until_gate(run, rest))


def passable(result: PhaseResult | None) -> bool:
    """Whether what needs this phase can go on: it is done, or failed in a way that the evidence will show."""
    if result is None:
        return False
    return result.state == "done" or (result.state == "failed" and bool(json.loads(result.data).get("go_on")))


def risks(tasks: Sequence[Task], more: Sequence[str] = ()) -> list[str]:
    """What is risky about a plan, one sentence each; `more` are patterns of the repository's own."""
    paths = list(dict.fromkeys(path for task in tasks for path in task.files))
    found = []
    for what, patterns in (*RISKS, ("what this repository marks as risky", tuple(more))):
        touched = [path for path in paths if _matches(path, patterns)]
        if touched:
            shown = ", ".join(f"`{path}`" for path in touched[:5]) + (", ..." if len(touched) > 5 else "")
            found.append(f"It changes {what}: {shown}.")
    if len(paths) > MANY_FILES:
        found.append(f"It changes {len(paths)} files.")
    return found


def sent_back(run: Run, gate: Gate) -> tuple[list[PhaseName], str]:
    """(phases that a rejection sends back, why): the one that its first word names, else all of the gate."""
    first, _, rest = gate.words.strip().partition(" ")
    named = first.strip(":,.`").lower()
    if named in {phase.name for phase in run.plan.phases}:
        return [named], rest.strip() or gate.words
    return list(gate.phases), gate.words


def followers(run: Run, names: Collection[PhaseName]) -> list[PhaseName]:
    """The phases that need any of these, directly or not, in the order of the plan."""
    found = set(names)
    for phase in run.plan.phases:
        if found.intersection(phase.needs):
            found.add(phase.name)
    return [phase.name for phase in run.plan.phases if phase.name in found and phase.name not in names]


def due(gate: Gate, remind_hours: float, expire_days: float, now: datetime) -> tuple[int, float]:
    """(how many reminders are due by now, seconds until the next one or the end); the end has come at 0 seconds."""
    opened = gate.opened_at or now
    end = opened + timedelta(days=expire_days)
    if now >= end:
        return 0, 0.0
    every = timedelta(hours=remind_hours)
    number = int((now - opened) / every) if every else 0
    following = opened + every * (number + 1) if every else end
    return number, max((min(following, end) - now).total_seconds(), 0.001)


def sent_again(result: PhaseResult, gate: int, by: str, why: str) -> PhaseResult:
    """The phase as it is to be done again: what it handed in, and what somebody says of it at that gate."""
    before = {"by": by, "why": why, "output": result.output}
    fresh = begun_again(result, gate)
    return replace(fresh, data=json.dumps({"sent_back": before, "gate": gate}))


def begun_again(result: PhaseResult, gate: int) -> PhaseResult:
    """The phase before its next attempt."""
    data = json.dumps({"gate": gate})
    return PhaseResult(result.run, result.name, result.agent, "waiting", data=data, attempt=result.attempt + 1)


def void_again(result: PhaseResult, gate: int) -> PhaseResult:
    """The same result, to be posted once more: its hash is another one."""
    data = json.dumps({**json.loads(result.data), "gate": gate})
    return replace(result, data=data, attempt=result.attempt + 1)


def _ended(result: PhaseResult | None) -> bool:
    return result is not None and result.state in {"done", "failed", "skipped"}


def _question(run: Run, results: Results, gates: Sequence[Gate]) -> Gate | None:
    answered = {gate.unit for gate in gates if gate.kind == "question" and gate.state == "answered"}
    for phase in run.plan.phases:
        result = results.get(phase.name)
        asked = json.loads(result.data).get("question") if result and result.state == "waiting" else None
        if asked and asked["unit"] not in answered:
            return Gate(run.id, len(gates) + 1, "question", (phase.name,), asked["text"], unit=asked["unit"])
    return None


def _approval(run: Run, results: Results, gates: Sequence[Gate]) -> Gate | None:
    wanted, why = _to_approve(run, results)
    open_names = [name for name in wanted if name not in _approved(results, gates)]
    if not open_names:
        return None
    void = next((g for g in reversed(gates) if g.state == "reposted" and set(g.phases) & set(open_names)), None)
    words = void.words if void else why
    digest = artefact_hash([results[name] for name in open_names])
    return Gate(run.id, len(gates) + 1, "approval", tuple(open_names), words, digest)


def _to_approve(run: Run, results: Results) -> tuple[list[PhaseName], str]:
    """(finished phases that need an approval, why)."""
    there = [phase for phase in run.plan.phases if passable(results.get(phase.name))]
    ours = [p for p in there if p.name not in {TEAM, DELIVERY} and not _taken_over(results[p.name])]
    if run.plan.automation == "manual":
        return [phase.name for phase in ours], "This run waits after every phase."
    gated = [phase.name for phase in ours if phase.gate]
    if gated:
        return gated, "The command asks for it."
    if run.plan.automation == "smart" and run.plan.purpose == "build" and any(phase.name == "tasks" for phase in ours):
        found = risks(tasks_in(results["tasks"]), run.plan.risk_paths)
        return ([phase.name for phase in ours if phase.name in THINKING], " ".join(found)) if found else ([], "")
    return [], ""


def _taken_over(result: PhaseResult) -> bool:
    """Results of an earlier run stand in the thread already: whoever gave the command had read them. What that run
    still waited to have approved waits in this one, too."""
    data = json.loads(result.data)
    return "from" in data and not data.get("unapproved")


def _approved(results: Results, gates: Sequence[Gate]) -> set[PhaseName]:
    """Phases whose results are still those that somebody approved."""
    found = set[PhaseName]()
    for gate in gates:
        there = [results[name] for name in gate.phases if name in results]
        if gate.kind == "approval" and gate.state == "approved" and gate.hash == artefact_hash(there):
            found |= set(gate.phases)
    return found


def _until_gate(run: Run, rest: Sequence[Phase]) -> tuple[PhaseName, ...]:
    """The phases that can work before the run may have to wait again."""
    left = {phase.name for phase in rest}
    if run.plan.automation == "manual":
        return tuple(phase.name for phase in rest if left.isdisjoint(phase.needs))
    stops = [phase for phase in rest if phase.gate or (phase.name == "tasks" and _looks(run))]
    if not stops:
        return tuple(phase.name for phase in rest)
    wanted = {stops[0].name}
    for phase in reversed(rest):
        if phase.name in wanted:
            wanted |= set(phase.needs)
    return tuple(phase.name for phase in rest if phase.name in wanted)


def _looks(run: Run) -> bool:
    return run.plan.automation == "smart" and run.plan.purpose == "build"


def _matches(path: str, patterns: Sequence[str]) -> bool:
    last = path.rpartition("/")[2]
    return any(fnmatchcase(path, pattern) or fnmatchcase(last, pattern) for pattern in patterns)
