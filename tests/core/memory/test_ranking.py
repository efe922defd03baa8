"""What fits best comes first; trust, age and usefulness sway the order and do not make it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.memory.documents import document, entries, entry, number, query_terms, term_of
from bot.core.memory.memories import Memory, Query, Source
from bot.core.memory.ranking import Corpus, fused, relevance, weight, within_budget, worth
from bot.core.repository import Repo

NOW = datetime(2026, 5, 4, tzinfo=UTC)
REPO = Repo("acme", "widget")


def a_memory(text: str = "", **changes: object) -> Memory:
    return replace(Memory("m", REPO, "note", "", text, Source("run", "r", ""), NOW), **changes)  # type: ignore[arg-type]


def ranked(query: str, memories: Sequence[Memory]) -> list[int]:
    """Positions of the memories, best first; those without a common word are left out."""
    indexed = dict(enumerate(map(document, memories)))
    found = Counter(entry for one in indexed.values() for entry in entries(one))
    corpus = Corpus.of(len(indexed), sum(one.length for one in indexed.values()), found)
    scores = relevance(corpus, worth(corpus, query_terms(Query(REPO, query))), indexed)
    return [at for at in sorted(scores, key=lambda at: -scores[at]) if scores[at]]


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    """Two words that everybody has do not outweigh one that only one has."""
    memories = [a_memory("widget button alembic"), a_memory("widget button"), a_memory("widget button tox")]
    assert ranked("tox of the widget", memories)[0] == 2


def test_titles_and_changed_names_count_more_than_text() -> None:
    """The same word in the title or a path comes before it in the text."""
    text = a_memory("parser one two three four five six")
    assert ranked("parser", [text, a_memory("one two three four five six", title="parser")]) == [1, 0]
    assert ranked("parser", [text, a_memory("one two three four five six", files=("a/parser.py",))]) == [1, 0]


def test_the_first_line_of_a_query_counts_more_than_the_rest() -> None:
    """An issue's title tells more than the log below it."""
    memories = [a_memory("alpha words here"), a_memory("beta words here")]
    assert ranked("alpha\nbeta", memories) == [0, 1]
    assert ranked("beta\nalpha", memories) == [1, 0]


def test_a_search_keeps_within_its_budget() -> None:
    """Entries that are worth most for each posting are taken until these are too many; a single one always is."""
    corpus, worths = Corpus.of(100, 1000, {1: 60, 2: 5, 3: 30}), {1: 1.0, 2: 1.0, 3: 1.0, 4: 9.0}
    assert list(within_budget(corpus, worths, 100)) == [2, 3, 1]
    assert list(within_budget(corpus, worths, 40)) == [2, 3]
    assert list(within_budget(corpus, worths, 1)) == [2]
    assert list(within_budget(corpus, worths | {1: 20.0}, 70)) == [1, 2]
    assert within_budget(Corpus.of(100, 1000, {}), worths, 100) == {}


def test_a_strong_posting_is_read_before_a_weak_one() -> None:
    """The same term is an entry of its own where it stands in the title, and that one is worth more."""
    strong, weak = (document(a_memory(" ".join(map(str, range(100, 200))), title=title)) for title in ("alpha", ""))
    assert {term_of(one)[1] for one in entries(strong)} > {term_of(one)[1] for one in entries(weak)}
    first, second = entry(number("alpha"), 3), entry(number("alpha"), 0)
    corpus = Corpus.of(100, 1000, {second: 5, first: 5})
    assert list(within_budget(corpus, {number("alpha"): 1.0}, 20)) == [first, second]


def test_a_word_in_every_memory_is_worth_nearly_nothing() -> None:
    """A worth is never negative, even if counts are out of step."""
    corpus = Corpus.of(10, 100, {number("a"): 10, number("b"): 11})
    assert 0 <= corpus.rarity(number("a")) < 0.05
    assert corpus.rarity(number("b")) >= 0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"helped": 1}, {}),
        ({}, {"misled": 1}),
        ({"helped": 3, "misled": 1}, {"helped": 1, "misled": 3}),
        ({"trust": 0.9}, {"trust": 0.2}),
        ({}, {"at": NOW - timedelta(days=200)}),
    ],
)
def test_what_sways_the_order(better: dict[str, object], worse: dict[str, object]) -> None:
    """Each of trust, age and usefulness does, all else being equal."""
    assert weight(a_memory(**better), NOW) > weight(a_memory(**worse), NOW)


def test_a_weight_is_bounded() -> None:
    """The best memory there can be counts at most four times as much as the worst."""
    best = weight(a_memory(helped=10**6, trust=9.0, at=NOW + timedelta(days=9)), NOW)
    worst = weight(a_memory(misled=10**6, trust=-9.0, at=NOW - timedelta(days=10**5)), NOW)
    assert 0 < worst < 1 < best < 4 * worst


def test_uses_without_a_verdict_change_nothing() -> None:
    """Being shown is not being right."""
    assert weight(a_memory(uses=50), NOW) == weight(a_memory(), NOW) == 1.0


def test_rankings_are_fused_by_rank() -> None:
    """What both know comes first, whatever the scores; one ranking alone stays as it is."""
    words, meanings = {1: 90.0, 2: 8.0, 3: 7.0}, {3: 0.9, 4: 0.8}
    scores = fused([words, meanings])
    assert sorted(scores, key=lambda key: (-scores[key], key)) == [3, 1, 2, 4]
    assert scores[3] == pytest.approx(1 / 63 + 1 / 61)
    assert fused([words]) == words
    assert fused([words, {}])[1] == pytest.approx(1 / 61)
