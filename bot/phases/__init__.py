"""The phases of a run, by name: each takes its `Work` and returns the result that is stored and posted."""

from collections.abc import Awaitable, Callable, Mapping

from bot.core.runs import PhaseName, PhaseResult
from bot.phases.advising import advise
from bot.phases.auditing import audit
from bot.phases.building import build
from bot.phases.choosing import choose, with_chosen
from bot.phases.delivery import deliver, land_state
from bot.phases.documenting import document
from bot.phases.grooming import consider, open_sub_issues, rank
from bot.phases.marking import marked
from bot.phases.proving import prove
from bot.phases.reviewing import judge
from bot.phases.settling import catalog_for, settle
from bot.phases.thinking import analyse, think
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
    "analysis": consider,
    "feasibility": consider,
    "risks": consider,
    "roadmap": rank,
    "sub-issues": open_sub_issues,
}

__all__ = ["PHASES", "Rules", "Work", "catalog_for", "guidance_in", "land_state", "marked", "settle", "with_chosen"]
