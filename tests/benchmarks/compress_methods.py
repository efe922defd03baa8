"""Ways to make a text shorter, ours and others: each takes (text, query, tokens) and gives a part of the text."""

import importlib.util
import random
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from bot.core.context.compress import compress
from bot.core.tokens import count_tokens

Method = Callable[[str, str, int], str]
WORD = re.compile(r"\w+")
NUMBER = re.compile(r"^\s*\d+[:|→\t]")
OURS = "ours"


def head_and_tail(text: str, _query: str, budget: int) -> str:
    """The beginning and the end, half of the budget each."""
    size = _characters(text, budget)
    return f"{text[: size // 2]}\n{text[len(text) - size // 2 :]}"


def at_random(text: str, _query: str, budget: int) -> str:
    """Lines, with a seed."""
    lines = text.split("\n")
    return _best(lines, random.Random(1).sample(range(len(lines)), len(lines)), _characters(text, budget))


def last_copies(text: str, _query: str, budget: int) -> str:
    """The end of the text, each line only where it stands last, whatever its number."""
    lines = text.split("\n")
    last = {NUMBER.sub("", line).strip(): n for n, line in enumerate(lines)}
    return _best(lines, sorted(last.values(), reverse=True), _characters(text, budget))


def bm25(text: str, query: str, budget: int) -> str:
    """The lines that fit the query best, by rank_bm25."""
    from rank_bm25 import BM25Okapi

    lines = text.split("\n")
    scores = BM25Okapi([WORD.findall(line.lower()) or [""] for line in lines]).get_scores(WORD.findall(query.lower()))
    return _best(lines, sorted(range(len(lines)), key=lambda n: -scores[n]), _characters(text, budget))


def text_rank(text: str, _query: str, budget: int) -> str:
    """Lines as sentences, by sumy."""
    from sumy.summarizers.text_rank import TextRankSummarizer

    return _sumy(TextRankSummarizer(), text, budget)


def lex_rank(text: str, _query: str, budget: int) -> str:
    """Lines as sentences, by sumy."""
    from sumy.summarizers.lex_rank import LexRankSummarizer

    return _sumy(LexRankSummarizer(), text, budget)


QUICK: dict[str, Method] = {
    "random": at_random,
    "head + tail": head_and_tail,
    "last copies": last_copies,
    "BM25 by query": bm25,
}
SLOW: dict[str, Method] = {"TextRank": text_rank, "LexRank": lex_rank}
"""Seconds for 16k tokens: measured on short texts only."""
METHODS: dict[str, Method] = {OURS: compress, **QUICK, **SLOW}


def missing_package(name: str) -> bool:
    """Whether the package of a method is not installed."""
    package = {"BM25 by query": "rank_bm25", "TextRank": "sumy", "LexRank": "sumy"}.get(name)
    return package is not None and importlib.util.find_spec(package) is None


class SentenceInfo(Protocol):
    """What sumy says of a sentence."""

    order: int


class _Words:
    """What sumy wants of a tokenizer, without the data that nltk would load from the network."""

    def to_sentences(self, text: str) -> list[str]:
        return [text]

    def to_words(self, text: str) -> list[str]:
        return WORD.findall(text.lower())


def _sumy(summarizer: Callable[[object, object], object], text: str, budget: int) -> str:
    from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence

    lines = [line for line in text.split("\n") if line.strip()]
    ranked: list[int] = []

    def all_by_rating(rated: Sequence[SentenceInfo]) -> list[SentenceInfo]:
        ranked.extend(one.order for one in rated)
        return []

    summarizer(ObjectDocumentModel([Paragraph([Sentence(line, _Words()) for line in lines])]), all_by_rating)
    return _best(lines, ranked, _characters(text, budget))


def _characters(text: str, budget: int) -> int:
    """So many characters of this text are about that many tokens."""
    return int(len(text) * min(1.0, budget / max(1, count_tokens(text))))


def _best(lines: Sequence[str], ranked: Sequence[int], size: int) -> str:
    """The first of the ranked lines that there is room for, in the order of the text."""
    chosen = list[int]()
    for n in ranked:
        if len(lines[n]) < size:
            chosen.append(n)
            size -= len(lines[n]) + 1
    return "\n".join(lines[n] for n in sorted(chosen))
