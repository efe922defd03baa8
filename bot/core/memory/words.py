"""Words of prose and code as the terms that memories are found by."""

import re
from collections.abc import Iterator

LONGEST = 64
"""Characters of a term; what is longer is a hash, a key or a line of base64."""
TOKEN = re.compile(r"\w+")
PART = re.compile(r"[A-Z]+(?=[A-Z][^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+")
"""A word inside an identifier: `parseHTTPBody` is parse, HTTP and Body."""
STOP_WORDS = (
    "a about above after again all also am an and any are as at be because been before being below between both but by "
    "can cannot could did do does doing done down during each either else even few for from further get gets getting "
    "give given go goes got had has have having he her here hers him his how however i if in into is it its itself "
    "just know let like make makes many may me might more most much must my need needs no nor not now of off on once "
    "one only or other our ours out over own please rather same see seems she should since so some such than thank "
    "thanks that the their theirs them then there these they thing things this those though through thus to too two "
    "under until up upon us use used uses using very via want was way we well were what when where whether which "
    "while who whom whose why will with within without would yes yet you your yours"
)
STOP = frozenset(STOP_WORDS.split())


def terms(text: str) -> list[str]:
    """The terms of a text in its order, repeated as often as they occur; an identifier gives its parts and itself."""
    return [_singular(term) for token in TOKEN.findall(text) for term in _forms(token) if _tells(term)]


def _forms(token: str) -> Iterator[str]:
    parts = PART.findall(token)
    if len(parts) != 1:
        yield token.strip("_").casefold()
    for part in parts:
        yield part.casefold()


def _tells(term: str) -> bool:
    return 1 < len(term) <= LONGEST and term not in STOP


def _singular(word: str) -> str:
    """Without the ending of an English plural (Harman, "How effective is suffixing?", 1991)."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("us", "ss", "is")):
        return word
    return word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
