"""What agents, phases and runs may use, and whether one more call of the model fits."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

Holder = Literal["run", "phase", "agent"]
Measure = Literal["turns", "tokens", "seconds", "usd"]
ROUNDING_USD = 1e-9
"""Prices are summed as floats: three calls of $0.10 fit under a cap of $0.30."""
MOST_USD = 100.0
"""What a command may name as its budget."""
SMALLER = "Ask for less at once"


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be used before work is stopped; tokens of all kinds count, cached ones too."""

    turns: int = 60
    tokens: int = 5_000_000
    seconds: float = 1800.0
    usd: float = math.inf

    def half(self) -> "Limits":
        """What an agent gives to one that it calls: it can never use up all of its caller's."""
        return replace(self, turns=max(1, self.turns // 2), tokens=self.tokens // 2, usd=self.usd / 2)


PHASE = Limits(turns=400, tokens=20_000_000, seconds=4 * 3600.0)
RUN = Limits(turns=1000, tokens=50_000_000, seconds=12 * 3600.0)


@dataclass(frozen=True, slots=True)
class Cap:
    """Limits that every unit at or below `unit` shares, the whole run if it is empty.

    `until` is when its seconds are over, by the monotonic clock of this process.
    """

    of: Holder
    name: str
    unit: str
    limits: Limits
    until: float = math.inf


@dataclass(frozen=True, slots=True)
class Used:
    """Spent or reserved."""

    turns: int = 0
    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: "Used") -> "Used":
        return Used(self.turns + other.turns, self.tokens + other.tokens, self.usd + other.usd)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The limit that a call would have passed."""

    cap: Cap
    what: Measure

    @property
    def more_usd(self) -> float | None:
        """A budget that is worth trying next, None if a higher one does not help or is not to be had."""
        most = self.cap.limits.usd
        by_budget = (self.cap.of, self.what) == ("run", "usd") and most < MOST_USD
        return min(2 * max(most, 0.5), MOST_USD) if by_budget else None

    @property
    def reason(self) -> str:
        """One sentence that names the limit."""
        if (self.cap.of, self.what) == ("run", "usd"):
            return f"The next call could pass the budget of ${self.cap.limits.usd:.2f}."
        who = {"run": "The run", "phase": f"The phase {self.cap.name}", "agent": f"`{self.cap.name}`"}[self.cap.of]
        limits = self.cap.limits
        amount = {
            "turns": f"{limits.turns} turns",
            "tokens": f"{limits.tokens:,} tokens",
            "seconds": f"{limits.seconds:.0f} s",
            "usd": f"${limits.usd:.2f}",
        }[self.what]
        return f"{who} was not done {'after' if self.what in {'turns', 'seconds'} else 'within'} {amount}."

    @property
    def hint(self) -> str:
        """One sentence that says how to get further."""
        if self.more_usd is not None:
            more = max(self.more_usd - self.cap.limits.usd, 0.01)
            return f"Give it more, and it goes on: `/budget +{more:g}`."
        if (self.cap.of, self.what) == ("run", "usd"):
            return f"{SMALLER}: there is no higher one."
        return f"{SMALLER}, or raise `DEVFLOW_{self.cap.of.upper()}_{self.what.upper()}`."


def under(unit: str, top: str) -> bool:
    """Whether a unit draws on what `top` may use: it is that unit, a later start of it, or below one of them."""
    return not top or unit == top or unit.startswith((f"{top}/", f"{top}~"))


def refusal(caps: Sequence[Cap], used: Mapping[str, Used], unit: str, wish: Used) -> Refusal | None:
    """The first cap, of at least one, that does not have room for what `unit` wants to reserve; `used` is by unit.

    A price that is no number never fits.
    """
    if not (math.isfinite(wish.usd) and wish.usd >= 0):
        return Refusal(caps[0], "usd")
    for cap in caps:
        if not under(unit, cap.unit):
            raise ValueError(f"{unit} is not under {cap.unit}")
        total = sum((one for name, one in used.items() if under(name, cap.unit)), wish)
        if total.turns > cap.limits.turns:
            return Refusal(cap, "turns")
        if total.tokens > cap.limits.tokens:
            return Refusal(cap, "tokens")
        if not total.usd <= cap.limits.usd + ROUNDING_USD:
            return Refusal(cap, "usd")
    return None


def late(caps: Iterable[Cap], moment: float) -> Refusal | None:
    """The first cap whose time is over at that moment of the monotonic clock."""
    return next((Refusal(cap, "seconds") for cap in caps if moment >= cap.until), None)


def covered_seconds(spans: Iterable[tuple[datetime, datetime]]) -> float:
    """How much time some spans cover together: what they share counts once, what lies between them not at all."""
    total, end = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, stop in sorted(spans):
        total += max(timedelta(), stop - max(start, end))
        end = max(end, stop)
    return total.total_seconds()
