"""Constants of the ranking, chosen on one set and judged on the other: none is fitted to what it is judged by."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from unittest.mock import patch

from bot.core.memory import documents, ranking
from bot.core.memory.documents import Document, document, query_terms
from bot.core.memory.ranking import Corpus, relevance, worth
from tests.benchmarks.memory_data import Issue, Question, Task, kind_of, quality, tasks
from tests.benchmarks.rows import Row, bench_row

_row = partial(bench_row, "memory")


@dataclass(frozen=True, slots=True)
class Constants:
    """What is chosen: weights of titles, of changed names, of a query's first line, and the two of BM25."""

    title: int = documents.TITLE_WEIGHT
    changed: int = documents.CHANGED_WEIGHT
    first_line: int = documents.FIRST_LINE_WEIGHT
    k1: float = ranking.K1
    b: float = ranking.B


GRID = [
    Constants(title, changed, first_line, k1, b)
    for title, changed, first_line in itertools.product((1, 5), (1, 3), (1, 4))
    for k1, b in ((1.2, 0.75), (2.0, 0.9))
]
PLAIN = Constants(1, 1, 1, 1.2, 0.75)


def rows(one: Sequence[Issue], other: Sequence[Issue]) -> list[Row]:
    """For each set: nDCG@10 with the constants that are best on the other, beside those best on itself."""
    scores = {kind_of(issues): {chosen: _ndcg(issues, chosen) for chosen in GRID} for issues in (one, other)}
    return list(_rows(scores))


def _rows(scores: dict[str, dict[Constants, float]]) -> Iterator[Row]:
    for judged, theirs in scores.items():
        best = max(theirs.values())
        for tuned, others in scores.items():
            if tuned != judged:
                chosen = max(others, key=others.__getitem__)
                yield _row(f"{judged}: nDCG@10 tuned on {tuned} alone, beside tuned on itself", theirs[chosen], best)
        yield _row(f"{judged}: nDCG@10 with our constants, beside plain BM25 ones", theirs[Constants()], theirs[PLAIN])


def _ndcg(issues: Sequence[Issue], chosen: Constants) -> float:
    weights = {"TITLE_WEIGHT": chosen.title, "CHANGED_WEIGHT": chosen.changed, "FIRST_LINE_WEIGHT": chosen.first_line}
    with patch.multiple(documents, **weights), patch.multiple(ranking, K1=chosen.k1, B=chosen.b):
        return quality([answer for task in tasks(issues) for answer in _answers(task)]).ndcg


def _answers(task: Task) -> Iterator[tuple[Question, list[str]]]:
    indexed = [document(issue.memory()) for issue in task.issues]
    known, frequencies, length = 0, Counter[int](), 0
    for question in task.questions:
        for one in indexed[known : question.after]:
            frequencies.update(one.weights.keys())
            length += one.length
        known = max(known, question.after)
        found = _ranked(Corpus(known, length, {}, frequencies), dict(enumerate(indexed[:known])), question.issue)
        ids = [task.issues[number].id for number in found]
        yield question, [one for one in ids if one != question.issue.id]


def _ranked(corpus: Corpus, indexed: dict[int, Document], issue: Issue) -> list[int]:
    scores = relevance(corpus, worth(corpus, query_terms(issue.query(10))), indexed)
    return sorted(scores, key=lambda number: (-scores[number], number))[:11]
