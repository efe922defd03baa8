"""The phases of a run, by name: each takes its `Work` and returns the result that is stored and posted."""

from collections.abc import Awaitable, Callable, Mapping

from bot.core.runs import PhaseName, PhaseResult
from bot.phases.building import build
from bot.phases.delivery import deliver, land_state
from bot.phases.proving import prove
from bot.phases.reviewing import judge
from bot.phases.thinking import think
from bot.phases.work import Rules, Work, guidance_in

PHASES: Mapping[PhaseName, Callable[[Work], Awaitable[PhaseResult]]] = {
    "requirements": think,
    "design": think,
    "tasks": think,
    "implementation": build,
    "testing": prove,
    "review": judge,
    "delivery": deliver,
}

__all__ = ["PHASES", "Rules", "Work", "guidance_in", "land_state"]
