"""The caps that the agents of a phase share: the run's and the phase's, with the time that is left of each."""

from dataclasses import replace
from datetime import datetime

from bot.core.limits import Cap, Limits, covered_seconds
from bot.core.runs import Phase, Run, unit_of
from bot.ports import Ports


async def shared_caps(
    ports: Ports, run: Run, phase: Phase, of_run: Limits, of_phase: Limits, attempt: int = 1
) -> tuple[Cap, Cap]:
    """The run's time is that in which its phases were at work: waiting for its turn, or for people, costs nothing."""
    now, moment = ports.clock.now(), ports.clock.monotonic()
    spans: dict[str, tuple[datetime, datetime]] = {
        found.name: (found.started_at, found.ended_at or now)
        for found in await ports.store.phases(run.id)
        if found.started_at is not None
    }
    began = spans.get(phase.name, (now, now))[0]
    of_run = replace(of_run, usd=run.plan.budget_usd)
    run_left = of_run.seconds - covered_seconds(spans.values())
    phase_left = of_phase.seconds - (now - began).total_seconds()
    return (
        Cap("run", str(run.id), "", of_run, moment + run_left),
        Cap("phase", phase.name, unit_of(phase.name, attempt), of_phase, moment + phase_left),
    )
