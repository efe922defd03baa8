"""How well a memory fits a query: BM25 within the repository, times a bounded weight for trust, age and usefulness."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.memory.documents import STRENGTHS, Document, Entry, Term, term_of
from bot.core.memory.memories import Memory

K1, B = 2.0, 0.9
"""Saturation and length normalisation (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009)."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a search goes, so that it takes as long in a large repository as in a small one."""

    postings: int = 12_000
    """Read at most: of the terms that tell most."""
    candidates: int = 192
    """Memories that are ranked exactly: the best by which of those terms they have."""


USUAL = Reach()


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a repository's memories have in common: their number, their lengths added up, and in how many of them each
    term of the query occurs, by its strength there."""

    count: int
    length: int
    entries: Mapping[Entry, int]
    frequencies: Mapping[Term, int]

    @classmethod
    def of(cls, count: int, length: int, entries: Mapping[Entry, int]) -> "Corpus":
        """With frequencies of whole terms."""
        frequencies: Counter[Term] = Counter()
        for entry, many in entries.items():
            frequencies[term_of(entry)[0]] += many
        return cls(count, length, entries, frequencies)

    def rarity(self, term: Term) -> float:
        """The inverse document frequency; never negative."""
        found = min(self.frequencies.get(term, 0), self.count)
        return math.log(1 + (self.count - found + 0.5) / (found + 0.5))


def within_budget(corpus: Corpus, worths: Mapping[Term, float], budget: int) -> dict[Entry, float]:
    """The entries that are worth most for each posting that has to be read, as long as all of theirs stay within the
    budget; at least one, if any occurs at all."""
    counts = corpus.entries
    values = {entry: worths[term] * STRENGTHS[at] for entry in counts for term, at in [term_of(entry)]}
    chosen: dict[Entry, float] = {}
    for one in sorted(counts, key=lambda one: (-values[one] / counts[one], one)):
        budget -= counts[one]
        if chosen and budget < 0:
            break
        chosen[one] = values[one]
    return chosen


def worth(corpus: Corpus, terms: Mapping[Term, float]) -> dict[Term, float]:
    """What each term of the query counts: as much as the query says, and more if it is rare."""
    return {term: counts * corpus.rarity(term) for term, counts in terms.items()}


def relevance(corpus: Corpus, worths: Mapping[Term, float], documents: Mapping[int, Document]) -> dict[int, float]:
    """Each document's BM25 score by its key, more is better."""
    average = max(corpus.length / max(corpus.count, 1), 1.0)
    return {key: _score(document, worths, average) for key, document in documents.items()}


def _score(document: Document, worths: Mapping[Term, float], average: float) -> float:
    damping = K1 * (1 - B + B * document.length / average)
    weights = document.weights
    common = worths.keys() & weights.keys()
    return math.fsum(worths[term] * weights[term] * (K1 + 1) / (weights[term] + damping) for term in common)


FUSION = 60
"""How little the first ranks count more than the next ones."""


def fused(rankings: Sequence[Mapping[int, float]]) -> dict[int, float]:
    """One score for each key of several rankings, whose own scores cannot be compared: those of its ranks added up
    (Cormack, Clarke and Buettcher, "Reciprocal rank fusion", 2009). A single ranking keeps its scores."""
    if len(rankings) == 1:
        return dict(rankings[0])
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, key in enumerate(sorted(ranking, key=lambda key: (-ranking[key], -key)), 1):
            scores[key] += 1 / (FUSION + rank)
    return dict(scores)


HALF_LIFE_DAYS = 365.0
SWAY = 0.25
"""What each of trust, age and usefulness can change of a score at most, up or down."""


def weight(memory: Memory, now: datetime) -> float:
    """What a memory's score is multiplied with, 1 for an average one. A clearly better fit outweighs it.

    Helping and misleading count as a rate with a prior of two undecided runs; uses without a verdict say nothing.
    """
    age = max((now - memory.at).total_seconds(), 0.0) / 86_400
    freshness = math.exp2(-age / HALF_LIFE_DAYS)
    usefulness = (memory.helped - memory.misled) / (memory.helped + memory.misled + 2)
    trust = 2 * min(max(memory.trust, 0.0), 1.0) - 1
    return (1 + SWAY * usefulness) * (1 + SWAY * trust) * (1 - SWAY * (1 - freshness))
