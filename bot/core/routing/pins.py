"""Who must do what, whatever history says: the repository's `routing.pin`."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.config import CONFIG_PATH
from bot.core.definitions import Catalog
from bot.core.errors import BotError
from bot.core.routing.kinds import KINDS
from bot.core.routing.results import BUILDING
from bot.core.runs import Member, RunPlan


def with_pins(plan: RunPlan) -> RunPlan:
    """The plan with the pinned agents in their phases. Where the command names agents, nobody is pinned."""
    pins = dict(plan.pins)
    if plan.wanted or plan.purpose not in {"build", "plan"}:
        return replace(plan, pins=())
    phases = (replace(phase, agent=pins.get(phase.name, phase.agent)) for phase in plan.phases)
    return replace(plan, phases=tuple(phases))


def with_pinned(team: Sequence[Member], plan: RunPlan) -> tuple[Member, ...]:
    """The team, and whoever is pinned beside it."""
    there = {member.agent for member in team}
    pinned = {name: Member(name, f"pinned for {what}") for what, name in plan.pins if name not in there}
    return (*team, *pinned.values())


def check_pins(plan: RunPlan, catalog: Catalog) -> None:
    """Raises `BotError` for a pinned agent that is not there, or that could not do the work."""
    for what, name in plan.pins:
        if name not in catalog.names:
            there = f"There are: {', '.join(catalog.names)}."
            raise BotError(f"`{CONFIG_PATH}` pins `{name}` for {what}, but there is no such agent.", there)
        if (what in KINDS or what == BUILDING) and not catalog.agent(name).writes:
            hint = "Give it the tools Write or Edit, or pin another one."
            raise BotError(f"`{CONFIG_PATH}` pins `{name}` for {what}, but it cannot change files.", hint)
