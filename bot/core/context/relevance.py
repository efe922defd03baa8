"""How much each unit of a text says about a query: BM25 by the beginnings of words, and talk warms what is beside it.

http://dx.doi.org/10.1561/1500000019 (Robertson and Zaragoza, 2009)
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence

from bot.core.context.units import Unit

FEEDBACK_UNITS = 8
FEEDBACK_TERMS = 12
FEEDBACK = 0.35
"""What a word counts that is not of the query but of the units which fit it best."""
QUERY_TERMS = 64
NEAR = (0.5, 0.25)
"""What a unit gives of its own score to its neighbours of the same kind: a subject goes on for several turns."""

_STOP_WORDS = """
about after all also and any are because been before being both but can could did discussion does each for from group
had has have her his how into its just know like more most not now one only other our out over said say she should some
such summarize than that the their them then there these they think this those through two use was well were what when
where which while who why will with would yeah you your meeting mean really okay right
"""
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[^\W\d_]{3,40}")
_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "e")


def relevance(units: Sequence[Unit], query: str) -> list[float]:
    """A score for each unit, the best 1: once by the query's words, once more with those that set the best apart."""
    index = _Index(units)
    terms = dict.fromkeys(list(_terms(query))[:QUERY_TERMS], 1.0)
    first = index.scores(terms)
    best = sorted(range(len(units)), key=lambda n: -first[n])[:FEEDBACK_UNITS]
    for term in index.telling([units[n].text for n in best if first[n] > 0]):
        terms.setdefault(term, FEEDBACK)
    scores = index.scores(terms)
    near = list(scores)
    for distance, share in enumerate(NEAR, 1):
        for n, (one, other) in enumerate(zip(units, units[distance:], strict=False)):
            if one.code == other.code and (not one.code or one.path == other.path):
                near[n] += share * scores[n + distance]
                near[n + distance] += share * scores[n]
    most = max(near, default=0.0) or 1.0
    return [score / most for score in near]


def _terms(text: str) -> Iterable[str]:
    """Stems: words without their commonest endings, matched at the beginnings of words."""
    words = dict.fromkeys(word.lower() for word in _WORD.findall(text))
    return dict.fromkeys(_stem(word) for word in words if word not in _STOP)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


class _Index:
    """Where stems stand: found by searching the text for each, which is faster than taking every word apart."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._starts, at = list[int](), 1
        lowered = [unit.text.lower() for unit in units]
        for text in lowered:
            self._starts.append(at)
            at += len(text) + 2
        self._text = " " + "\n ".join(lowered)
        self._known: dict[str, Counter[int]] = {}
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
        count = Counter(term for text in texts for term in _terms(text))
        often = sorted((term for term, times in count.items() if times > 1), key=lambda term: -count[term])[:40]
        rare = {term: count[term] * math.log(len(self._starts) / (1 + len(self._counts(term)))) for term in often}
        return sorted(rare, key=lambda term: -rare[term])[:FEEDBACK_TERMS]

    def _counts(self, term: str) -> Counter[int]:
        counts = self._known.get(term)
        if counts is None:
            counts = self._known[term] = Counter[int]()
            at = self._text.find(term)
            while at >= 0:
                if not self._text[at - 1].isalpha():
                    counts[bisect_right(self._starts, at) - 1] += 1
                at = self._text.find(term, at + len(term))
        return counts
