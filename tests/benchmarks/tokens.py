"""How `count_tokens` compares with the published tokenizer, beside the usual rules of thumb."""

import random
import statistics
import time
from collections.abc import Callable
from functools import partial

from bot.core.context.compress import cut
from bot.core.tokens import count_tokens
from tests.benchmarks.rows import Row, bench_row
from tests.offline.claude_tokenizer import reference
from tests.texts import KINDS, text_of

_row = partial(bench_row, "tokens")
CAP = 4_000
TEXTS = 1_000


def rows() -> list[Row]:
    """Overruns and use of 1,000 texts that are cut to 4,000 tokens, by our count and by four characters a token."""
    kinds, dice = [*KINDS, "mixed"], random.Random(5)
    texts = [text_of(dice.choice(kinds), dice, CAP * 6) for _ in range(TEXTS)]
    ours, theirs = _measured(texts, lambda text: cut(text, CAP)), _measured(texts, lambda text: text[: CAP * 4])
    lengths = [(text * 12)[:256_000] for text in texts[:20]]
    return [
        _row("texts over the cap, in 1,000", ours[0], theirs[0], "texts"),
        _row("share of the cap that is used", ours[1], theirs[1], "share"),
        _row(
            "counting 256,000 characters", _milliseconds(lengths, count_tokens), _milliseconds(lengths, reference), "ms"
        ),
    ]


def _measured(texts: list[str], shortened: Callable[[str], str]) -> tuple[float, float]:
    """(how many are over the cap, the mean share of it that is used by those that had to be shortened)."""
    sizes = [(reference(short), short != text) for text in texts for short in [shortened(text)]]
    over = sum(size > CAP for size, _ in sizes)
    return float(over), statistics.mean(min(size, CAP) / CAP for size, was_cut in sizes if was_cut)


def _milliseconds(texts: list[str], count: Callable[[str], int]) -> float:
    spent = []
    for text in texts:
        started = time.process_time()
        count(text)
        spent.append((time.process_time() - started) * 1_000)
    return statistics.median(spent)
