"""Long texts made shorter for who works on next: what tells most stays, word for word, and no model is asked.

A text is taken apart into units (a speaker's turn, a paragraph, a list entry, a block of code), each is weighed, and
the weightiest are kept in their order until the budget is full. What there is no room for goes by its weight: talk and
code far from the query, and names of files that are only listed, before errors, symbols and the names of other files;
headings, checklists, decisions and the closing section go last.
"""

from collections.abc import Sequence

from bot.core.context.units import STRUCTURE, Parts, Unit, take_apart
from bot.core.context.weights import WEIGHTS, Weights, weigh
from bot.core.tokens import count_tokens, estimate_tokens

GAP = "[...]"
GAP_TOKENS = 3.5
CLOSING = 0.12
"""Share of the budget that the end of the text gets first: there people and agents say what it comes to."""
LAST_SECTION = 0.3
"""Share of the budget up to which the last section is kept whole."""
LONGEST = 4_000
"""Characters that are kept or left out together at most; less, where the budget is small."""
SAMPLE = 100
"""Units of code, and of other text, of which the tokens are counted; the others are judged by them."""
TARGET = 0.985
"""Share of the budget that is filled by that judgement, so that the exact count rarely has to be made twice."""


def compress(text: str, query: str, budget: int, weights: Weights = WEIGHTS) -> str:
    """The parts of a text that matter most for a query, in their order, in at most `budget` tokens by `count_tokens`.

    Whatever was left out is marked by a line `[...]`. A text that fits is returned as it is.
    """
    if len(text) < budget * 8 and count_tokens(text) <= budget:
        return text
    parts = take_apart(text, min(LONGEST, max(200, budget)))
    _measure(parts.units)
    weigh(parts, query, weights)
    kept = _chosen(parts.units, TARGET * budget)
    spare = 1
    while kept:
        found = _joined(parts, sorted(kept))
        over = count_tokens(found) - budget
        if over <= 0:
            return found
        while kept and over + spare > 0:
            over -= int(parts.units[kept.pop()].tokens)
        spare += spare + budget // 50  # more each time, so that few times are enough whatever the text is
    return cut(text, budget)


def cut(text: str, budget: int) -> str:
    """As much of the beginning as fits, whatever the text is."""
    low, high = 0, min(len(text), 20 * budget)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= budget else (low, middle - 1)
    return text[:low]


def _measure(units: Sequence[Unit]) -> None:
    """Tokens of each unit, by a quick bound and what a sample of its kind has of it: counting all takes too long."""
    for code in (False, True):
        kind = [unit for unit in units if unit.code == code]
        bounds = [estimate_tokens(unit.text) for unit in kind]
        step = max(1, len(kind) // SAMPLE)
        share = count_tokens("\n".join(unit.text for unit in kind[::step])) / max(1, sum(bounds[::step]))
        for unit, bound in zip(kind, bounds, strict=True):
            unit.tokens = 1 + share * bound


def _chosen(units: Sequence[Unit], room: float) -> list[int]:
    """Units, the first to be given up last: those at the end of the text, then by weight until the room is used."""
    kept = list[int]()
    there = [False] * (len(units) + 2)  # shifted by one, so that the first and the last have neighbours
    for n in [*_closing(units, room), *sorted(range(len(units)), key=lambda n: (-units[n].weight, n))]:
        gaps = 1 - there[n] - there[n + 2]
        cost = units[n].tokens + GAP_TOKENS * gaps
        if not there[n + 1] and cost <= room:
            there[n + 1] = True
            kept.append(n)
            room -= cost
    return kept


def _closing(units: Sequence[Unit], room: float) -> list[int]:
    """The last section where it is short, else what fits into a share of the room, from the end on."""
    taken, share = list[int](), LAST_SECTION * room
    for n in range(len(units) - 1, -1, -1):
        share -= units[n].tokens
        if share < 0:
            break
        taken.append(n)
        if not units[n].code and STRUCTURE.match(units[n].text):
            return taken
    used = 0.0
    for count, n in enumerate(taken):
        used += units[n].tokens
        if used > CLOSING * room:
            return taken[: max(1, count)]
    return taken


def _joined(parts: Parts, kept: Sequence[int]) -> str:
    """The units, with a mark wherever more than two blank lines are missing."""
    found, at = list[str](), 0
    for unit in (parts.units[n] for n in kept):
        between = range(at, unit.start)
        if len(between) <= 2 and not any(parts.bare[n] for n in between):
            found += [parts.pieces[n] + parts.glue[n] for n in between]
        else:
            found.append(f"{GAP}\n" if not found or found[-1].endswith("\n") else f"\n{GAP}\n")
        found += [unit.text, parts.glue[unit.end - 1]]
        at = unit.end
    if any(parts.bare[at:]):
        found.append(GAP if found[-1].endswith("\n") else f"\n{GAP}")
    return "".join(found)
