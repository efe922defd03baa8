"""What flows into a phase stays within its budget, names its sources, and holds nothing that belongs elsewhere."""

import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.context import CONTEXT_TOKENS, Piece, build
from bot.core.context.budget import MATERIAL_TOKENS, divided
from bot.core.tokens import count_tokens

WORDS = [
    "token",
    "limit",
    "login",
    "test",
    "error",
    "`src/app.py`",
    "def send(self):",
    "\n\n- [ ] ",
    "\n## ",
    "</result>",
    "设计",
]


def some_text(rng: random.Random, most: int) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randrange(most)))


def size(pieces: Sequence[Piece]) -> int:
    return count_tokens("\n\n".join(piece.render() for piece in pieces))


def test_pieces_that_fit_are_shown_as_they_are() -> None:
    """Nothing is shortened without need, and there is nothing to recall."""
    context = build([Piece("issue", "Too bright.", (("number", "7"),))], "dark mode")
    assert [piece.text for piece in context.pieces] == ["Too bright."]
    assert context.whole == {}


def test_a_long_piece_is_shortened_named_and_kept_whole() -> None:
    """The label says the name that `Recall` takes; small pieces beside it stay whole."""
    long = "\n".join(f"Line {n} about the weather." for n in range(3_000)) + "\nThe login needs a rate limit."
    context = build(
        [Piece("issue", "Short."), Piece("result", long, (("phase", "design"),))], "rate limit of the login"
    )
    issue, result = context.pieces
    assert issue.text == "Short."
    assert dict(result.label)["shortened"] == "design"
    assert "The login needs a rate limit." in result.text
    assert context.whole == {"design": long}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_no_set_of_pieces_breaks_the_budget(seed: int) -> None:
    """Whatever is in them and however many there are: what flows and what is worked on keep their bounds."""
    rng = random.Random(seed)
    kinds = ["request", "issue", "result", "files", "comments", "memory", "diff", "tests", "unknown"]
    pieces = [
        Piece(rng.choice(kinds), some_text(rng, rng.choice([20, 400, 6_000])), (("from", f"user {n}"),))
        for n in range(rng.choice([1, 5, 12, 60]))
    ]
    context = build(pieces, some_text(rng, 30))
    material = [piece for piece in context.pieces if piece.kind in {"diff", "tests"}]
    flows = [piece for piece in context.pieces if piece.kind not in {"diff", "tests"}]
    assert size(flows) <= CONTEXT_TOKENS
    assert size(material) <= MATERIAL_TOKENS


@given(st.lists(st.integers(0, 500), min_size=1, max_size=9), st.integers(0, 2_000))
def test_unused_shares_go_to_others(wants: list[int], room: int) -> None:
    """Nobody gets more than he wants, and as much is given out as is wanted and there."""
    given_out = divided([float(want) for want in wants], [1.0 + n for n in range(len(wants))], room)
    assert all(got <= want + 1e-6 for got, want in zip(given_out, wants, strict=True))
    assert abs(sum(given_out) - min(room, sum(wants))) < 1e-6


def test_the_order_is_the_same_however_the_pieces_come() -> None:
    """What most agents of a run share stands first, so that the prompt cache finds it."""
    kinds = ["tests", "comments", "files", "memory", "result", "issue", "request"]
    context = build([Piece(kind, "x") for kind in kinds], "")
    assert [piece.kind for piece in context.pieces] == [
        "request", "issue", "result", "memory", "files", "comments", "tests"
    ]  # fmt: skip
