"""Long texts made shorter for who works on next: what tells most stays, word for word, and no model is asked.

A text is taken apart into units (a speaker's turn, a paragraph, a list entry, a block of code), each is weighed, and
the weightiest are kept in their order until the budget is full. Three things give weight: the words of the query, the
structure (headings, checklists, decisions, errors, names of files), and the end of the text.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.tokens import count_tokens

GAP = "[...]"
BLOCK_LINES = 16
"""A block of code that is longer is taken apart."""
CLOSING = 0.12
"""Share of the budget that the end of the text gets first: there people and agents say what it comes to."""
FEEDBACK_UNITS = 8
FEEDBACK_TERMS = 12
NEAR = (0.5, 0.25)
"""What a unit of talk gives of its own weight to its neighbours: a subject goes on for several turns."""

_STOP_WORDS = """
about after all also and any are because been before being both but can could did discussion does each for from group
had has have her his how into its just know like more most not now one only other our out over said say she should some
such summarize than that the their them then there these they think this those through two use was well were what when
where which while who why will with would yeah you your meeting mean really okay right
"""
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[^\W\d_]{3,}")
_ALWAYS = re.compile(
    r"\s*(?:#{1,6} |[-*] \[[ xX]\]|\*\*[^*]{1,80}\*\*:?\s*$"
    r"|(?:decision|decided|acceptance|risk|must|verdict)\w*\b.{0,40}:)",
    re.IGNORECASE,
)
_ERROR = re.compile(r"\b(?:\w*Error|\w*Exception|FAILED|FAIL|panic|fatal|Traceback)\b|^E\s")
_PATH = re.compile(
    r"(?<![\w./-])(?:(?:[\w.-]+/)+[\w-]+\.\w{1,8}"
    r"|[\w-]+\.(?:py|js|ts|tsx|go|rs|java|rb|c|h|md|toml|yml|yaml|json|sql|css|html|sh))\b"
)
_NUMBERED = re.compile(r"\s*(?:[\w./-]+[:-])?\d+[\t:|→-]\s?")
_CODE = re.compile(
    r"\s{2,}\S|\t|[+-](?!\s*\[)|@@|.*[{};]\s*$|(?:def|class|import|from|return|if|for|async|const|let|func|fn|pub)\b.*[:({=]"
)


@dataclass(slots=True)
class _Unit:
    """Some lines of the text, from `start` to `end`; weights are added as they are found."""

    start: int
    end: int
    text: str
    code: bool
    tokens: float = 1.0
    weight: float = 0.0


def compress(text: str, query: str, budget: int) -> str:
    """The parts of a text that matter most for a query, in their order, in at most `budget` tokens by `count_tokens`.

    Whatever was left out is marked by a line `[...]`. A text that fits is returned as it is.
    """
    if len(text) < budget * 8 and count_tokens(text) <= budget:
        return text
    lines = text.split("\n")
    units = _units(lines)
    _measure(units)
    _weigh(units, query)
    room, found = float(budget), ""
    while room >= 1:
        kept = _chosen(units, room)
        found = _joined([unit for index, unit in enumerate(units) if index in kept], len(lines))
        if count_tokens(found) <= budget:
            return found
        room = room * 0.93 - 1
    return cut(found, budget)


def compress_turns(turns: Sequence[str], query: str, budget: int) -> list[int]:
    """Which turns of a conversation `compress` would keep whole, by their index."""
    units = [_Unit(n, n + 1, turn, code=False) for n, turn in enumerate(turns)]
    _measure(units)
    _weigh(units, query)
    return sorted(_chosen(units, budget))


def _units(lines: Sequence[str]) -> list[_Unit]:
    """Runs of lines of one kind: a block of code up to `BLOCK_LINES`, else one line each."""
    units: list[_Unit] = []
    start, fenced = 0, False
    while start < len(lines):
        end = start + 1
        fence = lines[start].lstrip().startswith("```")
        fenced ^= fence
        code = fenced or fence or _is_code(lines[start])
        while code and end < len(lines) and end - start < BLOCK_LINES:
            line = lines[end]
            if line.lstrip().startswith("```"):
                if fenced:
                    fenced, end = False, end + 1
                break
            if not (fenced or _is_code(line)) or _ALWAYS.match(line):
                break
            end += 1
        block = "\n".join(lines[start:end])
        if block.strip():
            units.append(_Unit(start, end, block, code))
        start = end
    return units


def _measure(units: Sequence[_Unit]) -> None:
    """Tokens of each unit by its length, as dense as a sample of the text is: counting each would take too long."""
    sample = [unit.text for unit in units[:: max(1, len(units) // 200)]]
    dense = count_tokens("\n".join(sample)) / max(1, sum(map(len, sample)))
    for unit in units:
        unit.tokens = 1 + dense * len(unit.text)


def _is_code(line: str) -> bool:
    numbered = _NUMBERED.match(line)
    return bool(numbered or _CODE.match(line))


def _weigh(units: Sequence[_Unit], query: str) -> None:
    relevance = _relevance(units, query)
    most = max(relevance, default=0.0) or 1.0
    count, seen_paths, seen = len(units), set[str](), set[str]()
    for index in range(count - 1, -1, -1):
        unit = units[index]
        weight = relevance[index] / most
        plain = unit.text.strip()
        if plain in seen and len(plain) > 8:
            unit.weight = -1.0
            continue
        seen.add(plain)
        weight += _structure(unit, seen_paths)
        if unit.code:
            weight += 0.6 * (index + 1) / count
        unit.weight = weight


def _structure(unit: _Unit, seen_paths: set[str]) -> float:
    """Extra weight; from the end on, the first line with a path that no later one has is that path's line."""
    if not unit.code and _ALWAYS.match(unit.text):
        return 2.0
    paths = set(_PATH.findall(unit.text)) - seen_paths
    seen_paths |= paths
    weight = min(2.0, 1.5 * len(paths) * min(1.0, 40 / unit.tokens)) if paths else 0.0
    return weight + (0.5 if _ERROR.search(unit.text) else 0.0)


def _relevance(units: Sequence[_Unit], query: str) -> list[float]:
    """BM25 by the query's words, then once more with the words that set the best units apart; talk warms what is
    beside it. http://dx.doi.org/10.1561/1500000019 (Robertson and Zaragoza, 2009)."""
    index = _Index(units)
    terms = dict.fromkeys(_terms(query), 1.0)
    first = index.scores(terms)
    best = sorted(range(len(units)), key=lambda n: -first[n])[:FEEDBACK_UNITS]
    for term in index.telling([units[n].text for n in best if first[n] > 0]):
        terms.setdefault(term, 0.35)
    scores = index.scores(terms)
    near = list(scores)
    for distance, share in enumerate(NEAR, 1):
        for n in range(len(units) - distance):
            if not (units[n].code or units[n + distance].code):
                near[n] += share * scores[n + distance]
                near[n + distance] += share * scores[n]
    return near


def _terms(text: str) -> Iterable[str]:
    """Stems: words without their commonest endings, matched at the beginnings of words."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    return dict.fromkeys(_stem(word) for word in words if word not in _STOP)


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


class _Index:
    """Where stems stand: found by searching the text for each, which is faster than taking every word apart."""

    def __init__(self, units: Sequence[_Unit]) -> None:
        self._text = " " + "\n ".join(unit.text for unit in units).lower()
        self._starts, at = [], 1
        for unit in units:
            self._starts.append(at)
            at += len(unit.text) + 2
        average = max(1.0, sum(unit.tokens for unit in units) / max(1, len(units)))
        self._norm = [1.2 * (0.25 + 0.75 * unit.tokens / average) for unit in units]

    def scores(self, terms: dict[str, float]) -> list[float]:
        scores = [0.0] * len(self._starts)
        for term, share in terms.items():
            counts = self._counts(term)
            idf = math.log(1 + (len(scores) - len(counts) + 0.5) / (len(counts) + 0.5))
            for n, times in counts.items():
                scores[n] += share * idf * times * 2.2 / (times + self._norm[n])
        return scores

    def telling(self, texts: Sequence[str]) -> list[str]:
        """Stems that several of the texts have and few other units."""
        count: dict[str, int] = {}
        for text in texts:
            for term in _terms(text):
                count[term] = count.get(term, 0) + 1
        often = sorted((term for term, times in count.items() if times > 1), key=lambda term: -count[term])[:40]
        rare = {term: count[term] * math.log(len(self._starts) / (1 + len(self._counts(term)))) for term in often}
        return sorted(rare, key=lambda term: -rare[term])[:FEEDBACK_TERMS]

    def _counts(self, term: str) -> dict[int, int]:
        counts: dict[int, int] = {}
        at = self._text.find(term)
        while at >= 0:
            if not self._text[at - 1].isalpha():
                unit = bisect_right(self._starts, at) - 1
                counts[unit] = counts.get(unit, 0) + 1
            at = self._text.find(term, at + len(term))
        return counts


def _chosen(units: Sequence[_Unit], room: float) -> set[int]:
    """Units by weight until the room is used; the closing ones come first."""
    kept, left = set[int](), room
    closing = CLOSING * room
    for index in range(len(units) - 1, -1, -1):
        closing -= units[index].tokens
        if closing < 0:
            break
        kept.add(index)
        left -= units[index].tokens
    for index in sorted(range(len(units)), key=lambda n: (-units[n].weight, n)):
        unit = units[index]
        if index not in kept and unit.weight >= 0 and unit.tokens <= left:
            kept.add(index)
            left -= unit.tokens
    return kept


def _joined(units: Sequence[_Unit], lines: int) -> str:
    """The units, with a mark wherever more than a blank line is missing."""
    parts, at = list[str](), 0
    for unit in units:
        parts += [GAP] if unit.start > at + 1 else []
        parts.append(unit.text)
        at = unit.end
    return "\n".join([*parts, *([GAP] if at < lines else [])])


def cut(text: str, budget: int) -> str:
    """As much of the beginning as fits, whatever the text is."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if count_tokens(text[:middle]) <= budget else (low, middle - 1)
    return text[:low]
