"""What a run is expected to take: stored with its plan, shown before it spends anything."""

from dataclasses import dataclass, replace
from typing import Literal, TypedDict

EstimateSource = Literal["prices", "server", "organisation", "repository", "mode", "kind"]
"""Which runs an estimate is drawn from: none (list prices and usual turns), all of the server, those of the same owner,
of the repository, of the same mode there, of the same mode and size there."""

ESTIMATE, BUILDING = "estimate", "building"
"""Keys in the data of the task plan: of its own run, or of building what it plans."""


@dataclass(frozen=True, slots=True)
class Range:
    """Tenth percentile, median and ninetieth percentile."""

    low: float
    mid: float
    high: float

    def after(self, more: float) -> "Range":
        """The same when so much has come before."""
        return Range(self.low + more, self.mid + more, self.high + more)


@dataclass(frozen=True, slots=True)
class Estimate:
    """`tasks` are those that it counts on, None before they are planned; `runs` are those of its source."""

    usd: Range
    seconds: Range
    source: EstimateSource = "prices"
    runs: int = 0
    tasks: int | None = None

    def after(self, usd: float, seconds: float) -> "Estimate":
        """The whole, where the estimate is of what is left."""
        return replace(self, usd=self.usd.after(usd), seconds=self.seconds.after(seconds))


class EstimateJson(TypedDict):
    """An estimate in the data of a phase."""

    usd: list[float]
    seconds: list[float]
    source: EstimateSource
    runs: int
    tasks: int | None


def to_json(estimate: Estimate) -> EstimateJson:
    usd, seconds = estimate.usd, estimate.seconds
    return {
        "usd": [usd.low, usd.mid, usd.high],
        "seconds": [seconds.low, seconds.mid, seconds.high],
        "source": estimate.source,
        "runs": estimate.runs,
        "tasks": estimate.tasks,
    }


def from_json(data: EstimateJson) -> Estimate:
    return Estimate(Range(*data["usd"]), Range(*data["seconds"]), data["source"], data["runs"], data["tasks"])
