"""Pieces from many sources brought under one hard budget: who needs less leaves more to the others.

Two bounds hold. What flows between phases (request, issue, guidance, earlier results, memories, comments, the map of
files) shares `CONTEXT_TOKENS`. What a phase works on itself (a diff, test output, review threads) has
`MATERIAL_TOKENS`. A piece that does not fit is shortened by what the next phase does, and `Recall` gives it whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.core.context.compress import compress, cut
from bot.core.context.pieces import Piece
from bot.core.text import clean_untrusted
from bot.core.tokens import count_tokens

CONTEXT_TOKENS = 4_000
MATERIAL_TOKENS = 6_000
AROUND = 120
"""Tokens of the message around the pieces."""
LEAST = 24
"""Tokens of text below which a piece is only named."""
NAMED = 200
"""Tokens of the list that names pieces which found no room."""
SHARES: Mapping[str, int] = {
    "request": 24,
    "issue": 24,
    "guidance": 10,
    "result": 32,
    "memory": 12,
    "files": 14,
    "comments": 20,
    "task": 32,
}
"""What each source may have for certain, in parts; a share that is not used goes to the others by theirs.

The order is the order of the prompt: what is the same for most agents of a run comes first, for the prompt cache."""
MATERIAL = ("tests", "diff", "threads")


@dataclass(frozen=True, slots=True)
class Context:
    """The pieces as an agent is shown them, and the whole text of each that was shortened, by its source's name."""

    pieces: tuple[Piece, ...]
    whole: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Source:
    """One piece on its way: `tokens` is what it takes unless it is shortened."""

    name: str
    group: str
    piece: Piece
    tokens: int


def build(pieces: Sequence[Piece], query: str, budget: int = CONTEXT_TOKENS) -> Context:
    """The pieces in the order of the prompt, none of the two bounds exceeded by `count_tokens`; `query` is what the
    agent has to do."""
    sources = _named(pieces)
    material = [source for source in sources if source.group in MATERIAL]
    flowing = [source for source in sources if source.group not in MATERIAL]
    flows, whole = _fitted(flowing, query, budget - AROUND)
    works, whole_works = _fitted(material, query, MATERIAL_TOKENS)
    return Context((*flows, *works), whole | whole_works)


def divided(wants: Sequence[float], shares: Sequence[float], room: float) -> list[float]:
    """`room` given out by shares, to none more than it wants, as long as anybody wants more."""
    given, left = [0.0] * len(wants), max(0.0, room)
    open_to = [n for n, want in enumerate(wants) if want > 0]
    while open_to:
        total = sum(shares[n] for n in open_to)
        modest = [n for n in open_to if wants[n] <= left * shares[n] / total]
        if not modest:
            for n in open_to:
                given[n] = left * shares[n] / total
            break
        for n in modest:
            given[n] = wants[n]
        left -= sum(wants[n] for n in modest)
        open_to = [n for n in open_to if n not in modest]
    return given


def _named(pieces: Sequence[Piece]) -> list[_Source]:
    order = [*SHARES, *MATERIAL]
    names: dict[str, int] = {}
    sources = []
    for piece in sorted(pieces, key=lambda piece: order.index(_group(piece))):
        name = _name(piece)
        names[name] = times = names.get(name, 0) + 1
        clean = replace(piece, text=clean_untrusted(piece.text).text)
        tokens = count_tokens(clean.render()) + 2
        sources.append(_Source(name if times == 1 else f"{name}-{times}", _group(piece), clean, tokens))
    return sources


def _group(piece: Piece) -> str:
    label = dict(piece.label)
    if piece.kind == "comments" and "thread" in label:
        return "threads"
    if piece.kind == "result":
        return "guidance" if "source" in label else "task" if "task" in label else "result"
    return piece.kind if piece.kind in {*SHARES, *MATERIAL} else "comments"


def _name(piece: Piece) -> str:
    """Short, without quotes or spaces: an agent types it."""
    label = dict(piece.label)
    parts = [label[key] for key in ("phase", "task", "source", "thread", "from", "attempt") if label.get(key)]
    given = "/".join(parts if piece.kind == "result" else [piece.kind, *parts])
    return "".join(sign if sign.isalnum() or sign in "/._-" else "-" for sign in given)[:60]


def _fitted(sources: Sequence[_Source], query: str, room: int) -> tuple[list[Piece], dict[str, str]]:
    """(the pieces as shown, the whole texts of those that were shortened or left out)."""
    if sum(source.tokens for source in sources) <= room:
        return [source.piece for source in sources], {}
    shown, whole, lost = list[Piece](), dict[str, str](), list[str]()
    for source, most in zip(sources, _rooms(sources, room - NAMED), strict=True):
        piece = source.piece if source.tokens <= most + 0.5 else _shortened(source, query, int(most))
        if piece is not source.piece:
            whole[source.name] = source.piece.text
        if piece is None:
            lost.append(source.name)
        else:
            shown.append(piece)
    return [*shown, *([_index(lost)] if lost else [])], whole


def _rooms(sources: Sequence[_Source], room: float) -> list[float]:
    """Room for each: first by source, then among the pieces of a source, evenly."""
    groups = list(dict.fromkeys(source.group for source in sources))
    wants = [float(sum(source.tokens for source in sources if source.group == group)) for group in groups]
    of_group = dict(zip(groups, divided(wants, [SHARES.get(group, 20) for group in groups], room), strict=True))
    rooms: dict[str, float] = {}
    for group in groups:
        own = [source for source in sources if source.group == group]
        even = divided([float(source.tokens) for source in own], [1.0] * len(own), of_group[group])
        rooms |= {source.name: most for source, most in zip(own, even, strict=True)}
    return [rooms[source.name] for source in sources]


def _shortened(source: _Source, query: str, room: int) -> Piece | None:
    """The piece with what matters most of its text; None where there is hardly room for its label."""
    label = (*source.piece.label, ("shortened", source.name))
    frame = count_tokens(replace(source.piece, text="", label=label).render()) + 3
    most = room - frame
    while most >= LEAST:
        piece = replace(source.piece, text=compress(source.piece.text, query, most), label=label)
        over = count_tokens(piece.render()) + 2 - room
        if over <= 0:
            return piece
        most -= over + most // 20
    return None


def _index(names: Sequence[str]) -> Piece:
    words = f"No room for these; Recall gives them: {', '.join(names)}"
    return Piece("result", cut(words, NAMED - 40), (("source", "left-out"),))
