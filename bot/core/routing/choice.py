"""Who does a piece of work, and why, in one line."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.routing.kinds import KINDS
from bot.core.routing.tally import Tally

EXPLORE = 0.005
"""The share of choices that try whoever is known least."""
TIE = 0.01
"""Rates that are no further apart count as equal: then the cheaper one works."""
ENOUGH = 4.5
"""The weight of results that it takes to be chosen instead of what was suggested: five, or more old ones."""
MARGIN = 0.15
"""How much better than the suggested one an agent's rate must be."""

Reason = Literal["pinned", "named", "suggested", "best", "cheapest", "exploring", "usual", "suffices", "escalated"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An agent or a model by its name, and what its choice rests on."""

    name: str
    reason: Reason
    why: str


def choose(candidates: Sequence[str], kind: str, tally: Tally, *, seed: str, suggested: str = "") -> Choice:
    """The best of the candidates for this kind of work, the first of equals; the same again for the same seed.

    A suggested agent stays unless others are known to be clearly better. Raises `ValueError` if there is no candidate.
    """
    if not candidates:
        raise ValueError("there is nobody to choose from")
    known = [name for name in candidates if not suggested or tally.weight(name, kind) >= ENOUGH]
    if (suggested in candidates and suggested not in known) or not known:
        name = suggested if suggested in candidates else candidates[0]
        return Choice(name, "suggested", f"{record(name, kind, tally)}, too little to say more; the plan named it")
    dice = random.Random(f"{seed}/{kind}")  # noqa: S311 - nobody gains by guessing it
    if dice.random() < EXPLORE:
        least = min(tally.weight(name, kind) for name in candidates)
        name = dice.choice([name for name in candidates if tally.weight(name, kind) == least])
        return Choice(name, "exploring", f"{record(name, kind, tally)}; tried to learn how well it does")
    return _best(known, kind, tally, suggested)


def _best(known: Sequence[str], kind: str, tally: Tally, suggested: str) -> Choice:
    rates = {name: tally.rate(name, kind) + (MARGIN if name == suggested else 0.0) for name in known}
    best = max(known, key=lambda name: rates[name])
    costs = {name: usd for name in known if rates[name] >= rates[best] - TIE and (usd := tally.usd(name, kind))}
    chosen = min(costs, key=lambda name: costs[name]) if best in costs else best
    others = [name for name in known if name != chosen]
    why = record(chosen, kind, tally)
    if others:
        second = max(others, key=lambda name: rates[name])
        count = tally.seen(second, kind)
        why += f"; chosen over {second} ({count.well} of {count.all})"
    reason: Reason = "suggested" if chosen == suggested else "best" if chosen == best else "cheapest"
    return Choice(chosen, reason, why + ("; the plan named it" if chosen == suggested else ""))


def record(name: str, kind: str, tally: Tally) -> str:
    """How the work of an agent, or on a model, went: `developer: 9 of 10 backend tasks went well here (7 merged)`."""
    count, work = tally.seen(name, kind), f"{kind} tasks" if kind in KINDS else f"{kind} phases"
    if not count.all:
        return f"{name}: none of its {work} has ended here yet"
    usd, merged = tally.usd(name, kind), f" ({count.merged} merged)" if count.merged else ""
    return f"{name}: {count.well} of {count.all} {work} went well here{merged}" + (f", ${usd:.2f} each" if usd else "")
