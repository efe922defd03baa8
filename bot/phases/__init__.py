"""The phases of a run, by name: each takes its `Work` and returns the result that is stored and posted."""

from collections.abc import Awaitable, Callable, Mapping

from bot.core.runs import PhaseName, PhaseResult
from bot.phases.advising import advise
from bot.phases.auditing import audit
from bot.phases.building import build
from bot.phases.choosing import choose, with_chosen
from bot.phases.critiquing import critique
from bot.phases.delivery import deliver, land_state
from bot.phases.documenting import document
from bot.phases.grooming import consider, open_sub_issues, rank
from bot.phases.marking import marked
from bot.phases.obeying import obey, prove_changes
from bot.phases.proving import prove
from bot.phases.reviewing import judge
from bot.phases.revising import rejudge, retest, revise
from bot.phases.settling import catalog_for, settle
from bot.phases.thinking import analyse, think
from bot.phases.updating import update
from bot.phases.work import Rules, Work, guidance_in

PHASES: Mapping[PhaseName, Callable[[Work], Awaitable[PhaseResult]]] = {
    "team": choose,
    "product": analyse,
    "requirements": think,
    "advice": advise,
    "design": think,
    "tasks": think,
    "testplan": analyse,
    "implementation": build,
    "documentation": document,
    "testing": prove,
    "security": audit,
    "performance": audit,
    "review": judge,
    "delivery": deliver,
    "critique": critique,
    "revision": revise,
    "analysis": consider,
    "feasibility": consider,
    "risks": consider,
    "roadmap": rank,
    "sub-issues": open_sub_issues,
}

RESERVED = frozenset(PHASES)
"""Names that a repository's own command cannot give its phases."""

REVISING: Mapping[PhaseName, Callable[[Work], Awaitable[PhaseResult]]] = {
    "testing": retest,
    "review": rejudge,
    "delivery": update,
}
"""Phases that are done in another way on a branch that is there already."""


def perform(work: Work) -> Awaitable[PhaseResult]:
    """Do the work's phase in the way of its run."""
    name = work.phase.name
    if work.phase.prompt:
        return obey(work)
    if work.run.plan.purpose == "custom" and name == "testing":
        return prove_changes(work)
    return REVISING[name](work) if work.run.plan.purpose == "revise" and name in REVISING else PHASES[name](work)


__all__ = [
    "RESERVED",
    "Rules",
    "Work",
    "catalog_for",
    "guidance_in",
    "land_state",
    "marked",
    "perform",
    "settle",
    "with_chosen",
]
