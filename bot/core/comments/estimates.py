"""What a run is expected to take, and whether that was so."""

import math
from collections.abc import Mapping

from bot.core.comments.common import money
from bot.core.estimates import LEAST_RUNS, building_estimate, estimate_of
from bot.core.expected import Estimate, EstimateSource, Range
from bot.core.runs import ENDED, PhaseResult, Run

SOURCES: Mapping[EstimateSource, str] = {
    "kind": "of this kind here",
    "mode": "of this mode here",
    "repository": "here, of other modes too",
    "organisation": "of this owner, in other repositories too",
    "server": "of this server, of other owners too",
}
NO_RUNS = "from list prices and what is usual: no run has ended here yet"


def expected(estimate: Estimate) -> str:
    """Range, median, time, and where they come from."""
    usd = estimate.usd
    return f"{dollars(usd)}, most likely {money(usd.mid)}, and {_span(estimate.seconds)} of work ({source(estimate)})"


def expected_lines(run: Run, phases: Mapping[str, PhaseResult]) -> list[str]:
    """What a run that goes on will take, with a warning where its budget will hardly do; what a plan takes to build."""
    lines, estimate = [], estimate_of(run, phases)
    if estimate and run.state not in ENDED:
        lines += [f"Expected: {expected(estimate)}", *_warning(estimate.usd, run.plan.budget_usd)]
    if building := building_estimate(phases):
        lines += [f"To build this: {expected(building)}"]
    return lines


def beside_actual(run: Run, phases: Mapping[str, PhaseResult]) -> str:
    """Stands behind what a run has cost: `, expected $0.80 ($0.40 to $1.90)`."""
    estimate = estimate_of(run, phases)
    return f", expected {money(estimate.usd.mid)} ({dollars(estimate.usd)})" if estimate else ""


def source(estimate: Estimate) -> str:
    """`14 runs of this kind here`."""
    if estimate.source == "prices":
        return NO_RUNS
    runs = "1 run" if estimate.runs == 1 else f"{estimate.runs} runs"
    return f"{runs} {SOURCES[estimate.source]}{', which is few' if estimate.runs < LEAST_RUNS else ''}"


def _warning(usd: Range, budget: float) -> list[str]:
    if usd.mid <= budget:
        return []
    more = math.ceil((usd.high - budget) * 10) / 10
    return [
        "",
        "> [!WARNING]",
        f"> Most likely this costs more than its budget of {money(budget)}. At the budget it stops, and keeps what is "
        f"done. Nine of ten such runs come to their end with `/budget +{more:g}`, or if they are started with "
        f"`--budget {math.ceil(usd.high * 10) / 10:g}`.",
        "",
    ]


def dollars(usd: Range) -> str:
    """`$0.40 to $1.90`."""
    low, high = money(usd.low), money(usd.high)
    return f"{low} to {high}" if low != high else low


def _span(seconds: Range) -> str:
    """`4 to 12 min`, `1.5 to 4 h`."""
    if seconds.high < 60:
        return "less than a minute"
    unit, size, digits = ("min", 60, 0) if seconds.high < 5400 else ("h", 3600, 1)
    low, high = (f"{max(value / size, 0.1 if digits else 1):.{digits}f}" for value in (seconds.low, seconds.high))
    return f"{low} to {high} {unit}" if low != high else f"{high} {unit}"
