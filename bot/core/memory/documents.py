"""What of a memory is looked up: its terms, weighed by where they stand, and a sketch of its words."""

import math
import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from bot.core.memory.memories import Memory, Query
from bot.core.memory.words import terms

TITLE_WEIGHT = 5
CHANGED_WEIGHT = 3
"""Of the names of files and symbols."""
FIRST_LINE_WEIGHT = 4
"""Of a query, whose first line is its title."""
MOST_TEXT = 20_000
"""Characters of a text that are kept; a title may have a fiftieth of them."""
MOST_NAMES = 200
"""Files, and symbols."""
MOST_TERMS = 2_000
"""Different terms of a memory or a query; the first count."""
HIGHEST_WEIGHT = 255
TERM_BITS = 40
"""Of a term's number. In a repository of 100,000 different terms, one search in ten million meets a wrong one."""
CUT = " […]"

Term = int
"""A term's number. Words themselves are not in the index: nothing of a forgotten memory stays there, and no text is
ever read as a search expression."""


@dataclass(frozen=True, slots=True)
class Document:
    """A memory as the index has it: how much each term counts."""

    weights: Mapping[Term, int]
    length: int
    """The sum of all weights."""


STRENGTHS = (0.1, 0.25, 0.4, 0.7)
"""What a term counts in a document, from weakest to strongest: about the saturated weight that the ranking gives it."""
LEVELS = (0.18, 0.3, 0.5)
"""Where one strength begins and the one before it ends."""
SATURATION, LENGTH_SHARE = 0.2, 0.012
"""A term of weight w in a document of length n is nearly worth w / (w + SATURATION + LENGTH_SHARE * n)."""
Entry = int
"""A term and how strong it is in a document, in one number: so the index has it."""


def entries(document: Document) -> list[Entry]:
    """What of a document is indexed."""
    damping = SATURATION + LENGTH_SHARE * document.length
    return [entry(term, bisect(LEVELS, weight / (weight + damping))) for term, weight in document.weights.items()]


def entry(term: Term, strength: int) -> Entry:
    """A term of one of the strengths, by position."""
    return strength << TERM_BITS | term


def term_of(entry: Entry) -> tuple[Term, int]:
    """The term and the position of its strength."""
    return entry & ((1 << TERM_BITS) - 1), entry >> TERM_BITS


def document(memory: Memory) -> Document:
    """Title, text, and the files and symbols that the run changed, which the text itself often does not name."""
    counted = Counter(terms(memory.text))
    _add(counted, memory.title, TITLE_WEIGHT)
    _add(counted, " ".join([*memory.files, *memory.symbols]), CHANGED_WEIGHT)
    weights = {number(term): min(weight, HIGHEST_WEIGHT) for term, weight in counted.most_common(MOST_TERMS)}
    return Document(weights, sum(weights.values()))


def query_terms(query: Query) -> dict[Term, float]:
    """The terms of a query and how much each counts: the first line is its title, and tells more than all the rest."""
    title, _, rest = query.text[:MOST_TEXT].lstrip().partition("\n")
    named = terms(" ".join([*query.files[:MOST_NAMES], *query.symbols[:MOST_NAMES]]))
    first = terms(title)
    counted = Counter([*first, *terms(rest), *named]).most_common(MOST_TERMS)
    weights = dict.fromkeys(first, FIRST_LINE_WEIGHT)
    return {number(term): weights.get(term, 1) * (1 + math.log(count)) for term, count in counted}


def _add(counted: Counter[str], text: str, weight: int) -> None:
    for term in terms(text):
        counted[term] += weight


def number(term: str) -> Term:
    """The same in every process and database."""
    return int.from_bytes(blake2b(term.encode("utf-8", "replace"), digest_size=TERM_BITS // 8).digest(), "big")


def bounded(memory: Memory) -> Memory:
    """The memory without what is longer than anybody reads; where text was cut it says so."""
    return replace(
        memory,
        title=_cut(" ".join(memory.title.split()), MOST_TEXT // 50),
        text=_cut(memory.text, MOST_TEXT),
        subject=_cut(" ".join(memory.subject.split()), MOST_TEXT // 50),
        files=_names(memory.files),
        symbols=_names(memory.symbols),
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - len(CUT)] + CUT


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name[: MOST_TEXT // 50] for name in names))[:MOST_NAMES]


# A sketch: the smallest hashes of all runs of three words (Broder, "On the resemblance and containment of documents").
SKETCH = 32
RUN_OF_WORDS = 3
NEARLY = 0.8
WORD = re.compile(r"\w+")

Sketch = tuple[int, ...]


def sketch(memory: Memory) -> Sketch:
    """Of title and text, in ascending order; empty if there is not a word."""
    words = WORD.findall(f"{memory.title}\n{memory.text}".casefold())
    last = max(len(words) - RUN_OF_WORDS, 0)
    runs = {" ".join(words[at : at + RUN_OF_WORDS]) for at in range(last + 1)} if words else set()
    return tuple(sorted(map(number, runs))[:SKETCH])


def nearly_the_same(one: Sketch, other: Sketch) -> bool:
    """Whether four fifths of the runs of words of both are in both, as far as the sketches can tell."""
    smallest = sorted({*one, *other})[:SKETCH]
    both = {*one} & {*other}
    return bool(smallest) and sum(term in both for term in smallest) >= NEARLY * len(smallest)
