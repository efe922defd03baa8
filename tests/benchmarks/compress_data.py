"""Texts with what the next reader needs of them, as rows of a file, and how much of that was kept."""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.core.context.units import paths_in


class WrongRowError(Exception):
    """One row, in a sentence."""


class WrongRowsError(Exception):
    """Says of each wrong row its number and what is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text and what is asked; gold by kind: turns (whole lines), paths, and lines of code, as strings of the text."""

    text: str
    query: str
    turns: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def load(path: Path) -> list[Case]:
    """Rows `{"text"|"turns","query","gold":[...]}`, one a line, .jsonl or .jsonl.gz; also QMSum's `{"turns","qa"}`.

    `turns` are strings or [speaker, words]. Gold is strings that the text contains (paths, lines), indexes of turns, or
    [first, last] spans of turns. Raises `WrongRowsError`.
    """
    whole = path.read_bytes()
    text = (gzip.decompress(whole) if path.suffix == ".gz" else whole).decode()
    cases, wrong = list[Case](), list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            cases += cases_of(json.loads(line))
        except (WrongRowError, ValueError) as error:
            wrong.append(f"Row {number} of {path.name}: {error}")
    if wrong or not cases:
        raise WrongRowsError("\n".join(wrong) or f"{path.name} has no rows.")
    return cases


def cases_of(row: object) -> list[Case]:
    """The cases of one row: one, or in QMSum's form one a question. Raises `WrongRowError`."""
    if not isinstance(row, dict):
        raise WrongRowError("it is not an object.")
    if isinstance(row.get("qa"), list):
        asked = [(entry[0], entry[2]) for entry in row["qa"] if isinstance(entry, list) and len(entry) == 3]
    elif isinstance(row.get("query"), str):
        asked = [(row["query"], row.get("gold"))]
    else:
        raise WrongRowError('"query" must be a string.')
    turns = _turns(row)
    text = "\n".join(turns) if turns else row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise WrongRowError('it needs "text", a string, or "turns", a list.')
    return [_case(text, turns, str(query), gold) for query, gold in asked]


def _turns(row: dict[str, object]) -> list[str]:
    given = row.get("turns") or []
    if not isinstance(given, list):
        raise WrongRowError('"turns" must be a list.')
    return [": ".join(map(str, turn)) if isinstance(turn, list) else str(turn) for turn in _one_line_each(given)]


def _one_line_each(turns: Sequence[object]) -> list[object]:
    def flat(value: object) -> object:
        return str(value).replace("\n", " ")

    return [[flat(part) for part in turn] if isinstance(turn, list) else flat(turn) for turn in turns]


def _case(text: str, turns: Sequence[str], query: str, gold: object) -> Case:
    if not isinstance(gold, list) or not gold:
        raise WrongRowError('"gold" must be a list that is not empty.')
    strings = [one for one in gold if isinstance(one, str)]
    numbers = sorted({n for one in gold if not isinstance(one, str) for n in _span(one, len(turns))})
    missing = next((one for one in strings if one not in text), None)
    if missing is not None:
        raise WrongRowError(f"the text does not contain this gold: {missing[:80]!r}")
    files = [one for one in strings if " " not in one and any(one.endswith(name) for _, name in paths_in(one))]
    lines = [one for one in strings if one not in files]
    return Case(text, query, tuple(turns[n] for n in numbers), tuple(files), tuple(lines))


def _span(gold: object, turns: int) -> range:
    """Spans include their last turn; one that ends after the text is cut."""
    first, last = gold if isinstance(gold, list) and len(gold) == 2 else (gold, gold)
    try:
        numbers = range(int(first), min(int(last) + 1, turns))
    except (TypeError, ValueError):
        raise WrongRowError(f"gold is strings, turn numbers or [first, last], not {gold!r}.") from None
    if not 0 <= numbers.start < turns:
        raise WrongRowError(f"there is no turn {first!r}; it has {turns} turns.")
    return numbers


@dataclass(frozen=True, slots=True)
class Kept:
    """Percent of each kind of gold that was kept, mean over the cases that have it; None where none has."""

    spans: float | None
    files: float | None
    lines: float | None


def kept(results: Sequence[tuple[Case, str]]) -> Kept:
    """Of (case, what was kept of its text). Of turns it is the share of their characters, of others of their number."""
    spans, files, lines = list[float](), list[float](), list[float]()
    for case, found in results:
        whole = set(found.split("\n"))
        if case.turns:
            sizes = [(len(turn), turn in whole) for turn in case.turns]
            spans.append(sum(size for size, there in sizes if there) / max(1, sum(size for size, _ in sizes)))
        if case.files:
            files.append(sum(name in found for name in case.files) / len(case.files))
        if case.lines:
            lines.append(sum(line in found for line in case.lines) / len(case.lines))
    return Kept(_percent(spans), _percent(files), _percent(lines))


def _percent(shares: Sequence[float]) -> float | None:
    return 100 * sum(shares) / len(shares) if shares else None
