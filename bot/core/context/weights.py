"""What each unit of a text is worth to who works on next: by the query, by structure, and in code by the file it is of.

Talk and transcripts of agents go the same way: what is known of code counts as far as the text is code.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.core.context.relevance import relevance
from bot.core.context.units import STRUCTURE, Parts, Unit, paths_in

CLOSING = 0.04
"""Share of the text, at its end, whose paths count as named at the end."""
ENOUGH_CODE = 0.2
"""Share of code from which on the text is a transcript of work and not talk with some code in it."""
PATH_TOKENS = 40
"""A unit that is longer gets less for what it names."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What is added to the relevance of a unit, which is 1 for the best."""

    kept: float = 6.0
    """Above every sum of the others: headings, checklists, decisions."""
    path: float = 2.0
    """A unit for each file that is more than listed, the shortest that names it."""
    error: float = 1.0
    symbol: float = 1.0
    listed: float = 0.5
    code: float = 0.6
    focus: float = 0.4
    """Times how much the text turns around the file: the five that follow."""
    in_closing: float = 1.5
    in_query: float = 1.0
    read: float = 0.3
    about: float = 0.5
    again: float = 1.0
    """Times the share of lines that came before too: what an agent reads twice is what it is about to change."""
    late: float = 0.8
    relevant: float = 0.6
    """Times the relevance of code."""


WEIGHTS = Weights()
_ERROR = re.compile(r"\s*(?:E\s|[\w.]*(?:Error|Exception)\b|.*\b(?:FAILED|FAIL|panic|fatal|Traceback)\b)")
_SYMBOL = re.compile(r"`([\w.:]{3,60})(?:\(\))?`")


def weigh(parts: Parts, query: str, weights: Weights = WEIGHTS) -> None:
    """Set the weight of each unit."""
    scores = relevance(parts.units, query)
    focus = _focus(parts, scores, query, weights)
    total = sum(unit.tokens for unit in parts.units)
    share = sum(unit.tokens for unit in parts.units if unit.code) / max(1.0, total)
    work = min(1.0, share / ENOUGH_CODE)
    for unit, score in zip(parts.units, scores, strict=True):
        if unit.code:
            late = unit.start / len(parts.pieces)
            known = weights.code + weights.focus * focus.get(unit.path, 0.0) + weights.late * late
            known += weights.again * _again(parts, unit)
            unit.weight = work * known + weights.relevant * score
        else:
            unit.weight = score + _structure(unit, weights)
    _name_each_once(parts, weights)


def _structure(unit: Unit, weights: Weights) -> float:
    if STRUCTURE.match(unit.text):
        return weights.kept
    return weights.error if _ERROR.match(unit.text) else 0.0


def _again(parts: Parts, unit: Unit) -> float:
    """Share of the lines, but for short ones, that the text has more than once."""
    lines = [line for line in parts.bare[unit.start : unit.end] if line]
    return sum(parts.copies[line] > 1 and len(line) > 12 for line in lines) / len(lines)


def _focus(parts: Parts, scores: Sequence[float], query: str, weights: Weights) -> dict[str, float]:
    """For each file that code is of, how much the text turns around it."""
    closing = _closing_paths(parts)
    asked = {name for _, name in paths_in(query)}
    read = Counter(path for (path, code), _ in groupby(parts.units, key=lambda unit: (unit.path, unit.code)) if code)
    about: dict[str, float] = {}
    for unit, score in zip(parts.units, scores, strict=True):
        if unit.code:
            about[unit.path] = max(score, about.get(unit.path, 0.0))
    most = max(read.values(), default=1)
    return {
        path: weights.in_closing * (path in closing)
        + weights.in_query * (path in asked)
        + weights.read * times / most
        + weights.about * about[path]
        for path, times in read.items()
        if path
    }


def _closing_paths(parts: Parts) -> set[str]:
    room = CLOSING * sum(unit.tokens for unit in parts.units)
    paths: set[str] = set()
    for unit in reversed(parts.units):
        room -= unit.tokens
        if room < 0:
            break
        paths.update(name for n in range(unit.start, unit.end) for name in parts.paths.get(n, ()))
    return paths


def _name_each_once(parts: Parts, weights: Weights) -> None:
    """The shortest unit that names a file or a symbol gets its weight; of equals, the last."""
    shortest: dict[str, Unit] = {}
    worth: dict[str, float] = {}
    for unit in reversed(parts.units):
        paths = [name for n in range(unit.start, unit.end) for name in parts.paths.get(n, ())]
        symbols = [] if unit.code else _SYMBOL.findall(unit.text)
        for name in (*paths, *symbols):
            if name not in shortest or unit.tokens < shortest[name].tokens:
                shortest[name] = unit
        for name in symbols:
            worth[name] = max(weights.symbol, worth.get(name, 0.0))
        for name in paths:
            listed = len(unit.text) <= len(name) + 12 or any(parts.found[unit.start : unit.end])
            worth[name] = max(weights.listed if listed else weights.path, worth.get(name, 0.0))
    for name, unit in shortest.items():
        unit.weight += worth[name] * min(1.0, PATH_TOKENS / unit.tokens)
