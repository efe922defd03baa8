"""What a run will cost and how long it will take, from what earlier ones took: a range, and where it comes from."""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.core.conversation import Json
from bot.core.expected import BUILDING, ESTIMATE, Estimate, EstimateSource, Range, from_json
from bot.core.history import PastRun
from bot.core.runs import PhaseName, PhaseResult, Run
from bot.core.usual import TASKS, Price, usual

LEAST_RUNS = 3
"""With fewer of one sort, an estimate is said to come from a wider one."""
SOURCES: tuple[EstimateSource, ...] = ("server", "organisation", "repository", "mode", "kind")
"""From wide to narrow; each past run belongs to the narrowest that holds it."""
SIZES = (60, 250)
"""Words of request and issue from which a run is of the next size."""
PRIOR_RUNS, PRIOR_SPREAD = 2.0, 0.8
"""What is known of a wider sort counts as much as this many runs; the standard deviation, of logarithms, of how far a
run is from what is usual, when nothing is known at all. Chosen so that four of five runs end inside their range."""
HALF_RUNS = 12.0
"""After this many more runs, one counts half: models and repositories change."""
TENTH = 1.2816
"""Standard deviations from the median of a normal distribution to its tenth and ninetieth percentile."""
LEAST_SHARE = 0.5
"""Of the work that is estimated, by what is usual, a past run must have done this much to say anything."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What calls cost: the price of a model's tokens, and the model of agents without one of their own."""

    price: Price
    model: str


def estimate(
    run: Run,
    past: Sequence[PastRun],
    rates: Rates,
    *,
    tasks: int | None = None,
    only: Collection[PhaseName] | None = None,
) -> Estimate:
    """What these phases of the run (all, if not named) will take; `past` is newest first, `tasks` None until planned.

    Every past run says by what factor it was above or below what is usual for the phases that it shares with this one.
    So runs of other modes, models, and numbers of tasks say something, too. The factors are taken to be log-normal,
    and each sort of runs is drawn to the next wider one the more, the fewer there are.
    """
    names = {phase.name for phase in run.plan.phases if only is None or phase.name in only}
    plain = usual(run.plan, TASKS if tasks is None else tasks, rates.price, rates.model, names)
    others = [one for one in past if one.run.id != run.id]
    factors = [found for one in others if (found := _factor(run, one, rates, names, tasks is not None))]
    by_source = {source: [factor for factor in factors if factor.source == source] for source in SOURCES}
    usd = _range(plain.usd, {source: [one.usd for one in found] for source, found in by_source.items()})
    seconds = _range(plain.seconds, {source: [one.seconds for one in found] for source, found in by_source.items()})
    return Estimate(usd, seconds, *_named(factors), tasks)


def estimate_of(run: Run, phases: Mapping[str, PhaseResult]) -> Estimate | None:
    """The newest: that of the run's own task plan, or of its beginning; None for a run that calls no model."""
    data = _tasks_data(phases)
    found = from_json(data[ESTIMATE]) if ESTIMATE in data else run.plan.estimate
    return found if found and found.usd.high > 0 else None


def building_estimate(phases: Mapping[str, PhaseResult]) -> Estimate | None:
    """What it takes to build what a run only plans."""
    data = _tasks_data(phases)
    return from_json(data[BUILDING]) if BUILDING in data else None


def _tasks_data(phases: Mapping[str, PhaseResult]) -> Json:
    """Empty where the task plan was taken over: what it says is of the run that made it."""
    data: Json = json.loads(phases["tasks"].data) if "tasks" in phases else {}
    return {} if "from" in data else data


@dataclass(frozen=True, slots=True)
class _Factor:
    """How far a past run was from what is usual, as logarithms."""

    source: EstimateSource
    usd: float
    seconds: float


def _factor(run: Run, past: PastRun, rates: Rates, names: Collection[PhaseName], planned: bool) -> _Factor | None:
    """None for a run that did too little of the same work. As long as nothing is `planned`, that a run had many tasks
    is a part of its luck."""
    shared = {name for name in names if name in past.phases}
    whole = usual(run.plan, TASKS, rates.price, rates.model, names)
    part = usual(run.plan, TASKS, rates.price, rates.model, shared)
    if not shared or part.usd < LEAST_SHARE * whole.usd:
        return None
    plain = usual(past.run.plan, (len(past.tasks) if planned else 0) or TASKS, rates.price, rates.model, shared)
    usd = sum(past.phases[name].usd for name in shared)
    seconds = sum(past.phases[name].seconds for name in shared)
    if min(plain.usd, plain.seconds, usd, seconds) <= 0:
        return None
    return _Factor(_source(run, past.run), math.log(usd / plain.usd), math.log(seconds / plain.seconds))


def _source(run: Run, past: Run) -> EstimateSource:
    """The narrowest sort that holds them both."""
    if past.repo != run.repo:
        return "organisation" if past.repo.owner == run.repo.owner else "server"
    if _way(past) != _way(run):
        return "repository"
    return "kind" if _size(past) == _size(run) else "mode"


def _way(run: Run) -> tuple[str, ...]:
    """What a run is for, and how; for a repository's own command, which one."""
    own = run.request.again.split()[:1] if run.plan.purpose == "custom" else []
    return (run.plan.purpose, run.plan.mode, *own)


def _size(run: Run) -> int:
    asked = run.request
    words = len(f"{asked.description} {asked.issue_title} {asked.issue_body}".split())
    return sum(words >= size for size in SIZES)


def _named(factors: Sequence[_Factor]) -> tuple[EstimateSource, int]:
    """The narrowest sort with enough runs, else the one that holds all there are, and how many it holds."""
    if not factors:
        return "prices", 0
    held = 0
    for source in reversed(SOURCES):
        held += sum(factor.source == source for factor in factors)
        if held >= min(LEAST_RUNS, len(factors)):
            return source, held
    raise AssertionError(factors)


def _range(plain: float, values: Mapping[EstimateSource, Sequence[float]]) -> Range:
    """What is usual times the factors that are to be expected; `values` are newest first."""
    middle, variance, known = 0.0, PRIOR_SPREAD**2, PRIOR_RUNS
    for source in SOURCES:
        found = values.get(source, [])
        weights = [0.5 ** (age / HALF_RUNS) for age in range(len(found))]
        if not found:
            continue
        known = PRIOR_RUNS + sum(weights)
        drawn = (PRIOR_RUNS * middle + sum(w * x for w, x in zip(weights, found, strict=True))) / known
        squares = sum(w * (x - drawn) ** 2 for w, x in zip(weights, found, strict=True))
        variance = (PRIOR_RUNS * variance + squares) / known
        middle = drawn
    spread = TENTH * math.sqrt(variance * (1 + 1 / known))
    return Range(*(plain * math.exp(middle + spread * side) for side in (-1, 0, 1)))
