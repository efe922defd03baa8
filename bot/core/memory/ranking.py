"""How well a memory fits a query: BM25 within the repository, times a bounded weight for trust, age and usefulness."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.memory.documents import Document, Term
from bot.core.memory.memories import Memory

K1, B = 2.0, 0.9
"""Saturation and length normalisation (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009)."""
BUDGET = 20_000
"""Postings that a search reads at most, so that it takes as long in a large repository as in a small one."""
CANDIDATES = 256
"""Memories that are ranked exactly: the best by the terms they have of the budget."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a repository's memories have in common: their number, their lengths added up, and in how many of them each
    term of the query occurs."""

    count: int
    length: int
    frequencies: Mapping[Term, int]

    def rarity(self, term: Term) -> float:
        """The inverse document frequency; never negative."""
        found = min(self.frequencies.get(term, 0), self.count)
        return math.log(1 + (self.count - found + 0.5) / (found + 0.5))


def within_budget(corpus: Corpus, terms: Iterable[Term], budget: int = BUDGET) -> list[Term]:
    """The rarest terms that occur at all, as long as all their postings stay within the budget; at least one."""
    chosen: list[Term] = []
    known = [term for term in terms if corpus.frequencies.get(term)]
    for term in sorted(known, key=lambda term: (corpus.frequencies[term], term)):
        budget -= corpus.frequencies[term]
        if chosen and budget < 0:
            break
        chosen.append(term)
    return chosen


def relevance(corpus: Corpus, terms: Mapping[Term, float], documents: Mapping[int, Document]) -> dict[int, float]:
    """Each document's BM25 score by its key, more is better."""
    worths = {term: counts * corpus.rarity(term) for term, counts in terms.items()}
    average = max(corpus.length / max(corpus.count, 1), 1.0)
    return {key: _score(document, worths, average) for key, document in documents.items()}


def _score(document: Document, worths: Mapping[Term, float], average: float) -> float:
    damping = K1 * (1 - B + B * document.length / average)
    weights = document.weights
    common = worths.keys() & weights.keys()
    return math.fsum(worths[term] * weights[term] * (K1 + 1) / (weights[term] + damping) for term in common)


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
