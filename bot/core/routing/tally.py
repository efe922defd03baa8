"""What agents have achieved, by kind of work: the newest results weigh most."""

from dataclasses import dataclass, field

STRENGTH = 2.0
"""Results that the expectation before any result counts for."""
KEEP = 0.995
"""What is left of the weight of an agent's results with each new one of its own: agents and models change."""
HALF_LIFE_DAYS = 180.0
"""After so many days a result weighs half."""
WELL = 0.5
"""From this worth on, a result counts as one that went well."""


@dataclass(slots=True)
class _Sum:
    good: float = 0.0
    all: float = 0.0
    usd: float = 0.0

    def scale(self, share: float) -> None:
        self.good *= share
        self.all *= share
        self.usd *= share

    def add(self, good: float, weight: float, usd: float) -> None:
        self.good += good * weight
        self.all += weight
        self.usd += usd * weight


@dataclass(frozen=True, slots=True)
class Count:
    """How many results there were, whatever their age; how many went well, and of those were merged."""

    all: int = 0
    well: int = 0
    merged: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.all + other.all, self.well + other.well, self.merged + other.merged)


@dataclass(slots=True)
class _Record:
    """Of one name: its sums by kind of work, and over all kinds; how many results there were."""

    total: _Sum = field(default_factory=_Sum)
    kinds: dict[str, _Sum] = field(default_factory=dict)
    seen: dict[str, Count] = field(default_factory=dict)

    def of(self, kind: str) -> _Sum:
        return self.kinds.get(kind, _Sum())


class Tally:
    """Of agents, or of models. Results are noted oldest first. The names of kinds are the caller's."""

    def __init__(self) -> None:
        self._records: dict[str, _Record] = {}

    def note(
        self, agent: str, kind: str, worth: float, *, usd: float = 0.0, days_old: float = 0.0, merged: bool = False
    ) -> None:
        """Add one result: `worth` is 0 (failed) to 1 (right at once), a half at least for what went well; `usd` is what
        it cost."""
        record = self._records.setdefault(agent, _Record())
        for one in (record.total, *record.kinds.values()):
            one.scale(KEEP)
        weight = 0.5 ** (max(days_old, 0.0) / HALF_LIFE_DAYS)
        record.total.add(worth, weight, usd)
        record.kinds.setdefault(kind, _Sum()).add(worth, weight, usd)
        well = worth >= WELL
        record.seen[kind] = record.seen.get(kind, Count()) + Count(1, int(well), int(well and merged))

    def rate(self, agent: str, kind: str) -> float:
        """The share of good results to expect, (s + 2m) / (n + 2). What is not known is expected to go well: who was
        never tried is tried. m is half the agent's rate at other kinds of work, and a half on top."""
        record = self._records.get(agent, _Record())
        here = record.of(kind)
        good, count = record.total.good - here.good, record.total.all - here.all
        elsewhere = (good + 1.0) / (count + 1.0)
        return (here.good + STRENGTH * (0.5 * elsewhere + 0.5)) / (here.all + STRENGTH)

    def weight(self, agent: str, kind: str) -> float:
        """How many results the rate rests on, old ones counted in part."""
        return self._records.get(agent, _Record()).of(kind).all

    def usd(self, agent: str, kind: str) -> float | None:
        """What a piece of this work costs on average, old ones counted in part; None if there was none."""
        here = self._records.get(agent, _Record()).of(kind)
        return here.usd / here.all if here.all else None

    def seen(self, agent: str, kind: str = "") -> Count:
        """Of one kind of work, or of all."""
        seen = self._records.get(agent, _Record()).seen
        return seen.get(kind, Count()) if kind else sum(seen.values(), Count())

    def shares(self, least: int) -> dict[str, float]:
        """The share of good results in all work, 0 to 1, of each name that has at least so many."""
        known = {name: one.total for name, one in self._records.items() if self.seen(name).all >= least}
        return {name: total.good / total.all for name, total in known.items()}
