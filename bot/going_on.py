"""A run that goes on with one that has ended: what is done stays done, the rest is done again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.conversation import Usage
from bot.core.errors import BotError
from bot.core.gating import DELIVERY, followers
from bot.core.people import Gate
from bot.core.repository import Sha
from bot.core.runs import Onto, PhaseName, PhaseResult, Run, RunId
from bot.ports import Ports
from bot.starting import Ask

LEAST_USD = 0.05
"""With less left of its budget, a run is not begun again."""


@dataclass(frozen=True, slots=True)
class Continued:
    """The new run, and the phases that it takes over."""

    run: Run
    taken: tuple[PhaseResult, ...]


async def continued(
    ports: Ports, old: Run, run_id: RunId, ask: Ask, phase: PhaseName | None, more_usd: float = 0.0
) -> Continued:
    """A run that begins with `phase`, or with the first that did not go well. Raises `BotError` where there is none."""
    results = {result.name: result for result in await ports.store.phases(old.id)}
    first = phase or _first_open(old, results)
    _check(old, results, phase, first)
    again = {first, *followers(old, [first]), DELIVERY}
    open_ = _unapproved(await ports.store.gates(old.id))
    kept = [r for r in results.values() if r.name not in again and r.state == "done"]
    taken = [_taken(old, r, run_id, unapproved=r.name in open_) for r in kept]
    if phase is None and first in results and results[first].state in {"failed", "running"}:
        taken += _begun(old, results[first], run_id)
    budget = await _budget(ports, old, more_usd)
    onto = await _onto(ports, old, results)
    request = replace(
        old.request, requester=ask.author, comment_id=ask.comment_id, onto=onto or old.request.onto, after=old.id
    )
    plan = replace(old.plan, budget_usd=budget, estimate=None)
    run = Run(run_id, old.repo, request, plan, created_at=ports.clock.now(), pull_number=(onto and onto.pull) or None)
    return Continued(run, tuple(taken))


def _first_open(old: Run, results: dict[str, PhaseResult]) -> PhaseName:
    for phase in old.plan.phases:
        if phase.name not in results or results[phase.name].state != "done":
            return phase.name
    raise BotError(
        f"Run `{old.id}` came to its end; nothing of it is left to do.",
        "To do a phase again, name it: `/retry design`. To begin anew: `/dev-workflow`.",
    )


def _check(old: Run, results: dict[str, PhaseResult], wanted: PhaseName | None, first: PhaseName) -> None:
    names = [phase.name for phase in old.plan.phases]
    if first not in names:
        listed = ", ".join(f"`{name}`" for name in names)
        raise BotError(f"Run `{old.id}` has no phase `{first}`.", f"It has {listed}.")
    before = next((p.needs for p in old.plan.phases if p.name == first), ())
    missing = [n for n in before if n not in results or results[n].state not in {"done", "failed"}]
    if wanted and missing:
        raise BotError(f"`{first}` needs `{missing[0]}`, which was not done.", "`/resume` begins with that.")


def _unapproved(gates: Sequence[Gate]) -> set[PhaseName]:
    """Phases that the old run still waited for people to approve."""
    found = set[PhaseName]()
    for gate in gates:
        if gate.state in {"open", "expired", "void", "rejected"}:
            found |= set(gate.phases)
        elif gate.state == "approved":
            found -= set(gate.phases)
    return found


def _taken(old: Run, result: PhaseResult, run_id: RunId, *, unapproved: bool) -> PhaseResult:
    """Stored as done before the run begins; it stands in the thread already."""
    known = json.loads(result.data)
    data = {**known, "from": known.get("from", old.id), "unapproved": unapproved}
    return replace(result, run=run_id, data=json.dumps(data), usage=Usage(), usd=0.0)


def _begun(old: Run, result: PhaseResult, run_id: RunId) -> list[PhaseResult]:
    """The commits of a phase that was not finished: it goes on behind them."""
    commits = json.loads(result.data).get("commits") if result.name == "implementation" else None
    if not commits:
        return []
    data = json.dumps({"commits": commits})
    return [PhaseResult(run_id, result.name, result.agent, "waiting", data=data)]


async def _budget(ports: Ports, old: Run, more_usd: float) -> float:
    """What is left of the old run's budget, and what is added. Raises `BotError` if that is next to nothing."""
    spent = sum(t.usd if t.usd is not None else t.reserved_usd for t in await ports.store.turns(old.id))
    left = max(old.plan.budget_usd - spent, 0.0) + more_usd
    if left < LEAST_USD:
        raise BotError(
            f"Run `{old.id}` has used its budget of ${old.plan.budget_usd:.2f}.",
            "Give it more, and it goes on: `/budget +2`.",
        )
    return round(left, 4)


async def _onto(ports: Ports, old: Run, results: dict[str, PhaseResult]) -> Onto | None:
    """The branch that the old run delivered, if it is as it was left and its pull request was not closed."""
    data = json.loads(results[DELIVERY].data) if DELIVERY in results else {}
    branch, head = str(data.get("branch", "")), data.get("head")
    if not branch or not head:
        return None
    if old.pull_number is None:
        return Onto(branch, Sha(head)) if await ports.github.branch_head(old.repo, branch) == head else None
    pull = await ports.github.pull(old.repo, old.pull_number)
    if pull.state != "open" or pull.head_sha != head:
        return None
    return Onto(branch, Sha(head), old.pull_number)
