"""Who does a piece of work, and why, in one line."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.routing.tally import Tally

EXPLORE = 0.01
"""The share of choices that try whoever is known least."""
TIE = 0.01
"""Rates that are no further apart count as equal: then the cheaper one works."""
ENOUGH = 5.0
"""Results that it takes to be chosen instead of the agent that was suggested."""
MARGIN = 0.15
"""How much better than the suggested one an agent's rate must be."""

Reason = Literal["pinned", "suggested", "best", "cheapest", "exploring"]


@dataclass(frozen=True, slots=True)
class Choice:
    """The agent, and what its choice rests on."""

    agent: str
    reason: Reason
    why: str


def choose(
    candidates: Sequence[str], kind: str, tally: Tally, *, seed: str, suggested: str = "", pinned: str = ""
) -> Choice:
    """The best of the candidates for this kind of work, the first of equals; the same again for the same seed.

    A pin holds whatever the results say. A suggested agent stays unless others are known to be clearly better.
    Raises `ValueError` if there is no candidate.
    """
    if not candidates:
        raise ValueError("there is nobody to choose from")
    if pinned:
        return Choice(pinned, "pinned", f"{pinned}: pinned for this work in `.github/devflow.yml`")
    known = [name for name in candidates if not suggested or tally.weight(name, kind) >= ENOUGH]
    if (suggested in candidates and suggested not in known) or not known:
        name = suggested if suggested in candidates else candidates[0]
        return Choice(name, "suggested", f"{_record(name, kind, tally)}; the plan named it")
    dice = random.Random(f"{seed}/{kind}")  # noqa: S311 - nobody gains by guessing it
    if dice.random() < EXPLORE:
        least = min(tally.weight(name, kind) for name in candidates)
        name = dice.choice([name for name in candidates if tally.weight(name, kind) == least])
        return Choice(name, "exploring", f"{_record(name, kind, tally)}; tried to learn how well it does")
    return _best(known, kind, tally, suggested)


def _best(known: Sequence[str], kind: str, tally: Tally, suggested: str) -> Choice:
    rates = {name: tally.rate(name, kind) + (MARGIN if name == suggested else 0.0) for name in known}
    best = max(known, key=lambda name: rates[name])
    costs = {name: usd for name in known if rates[name] >= rates[best] - TIE and (usd := tally.usd(name, kind))}
    chosen = min(costs, key=lambda name: costs[name]) if best in costs else best
    others = [name for name in known if name != chosen]
    why = _record(chosen, kind, tally)
    if others:
        second = max(others, key=lambda name: rates[name])
        why += f"; chosen over {second} {_share(second, kind, tally)}"
    reason: Reason = "suggested" if chosen == suggested else "best" if chosen == best else "cheapest"
    return Choice(chosen, reason, why)


def _record(name: str, kind: str, tally: Tally) -> str:
    count, _ = tally.seen(name, kind)
    if not count:
        return f"{name}: no {kind} task of it has ended here yet"
    usd = tally.usd(name, kind)
    cost = f", ${usd:.2f} a task" if usd else ""
    return f"{name}: {_share(name, kind, tally)} {kind} tasks went well here{cost}"


def _share(name: str, kind: str, tally: Tally) -> str:
    count, good = tally.seen(name, kind)
    return f"{good:.3g} of {count}"
