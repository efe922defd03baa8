"""Calibrates `count_tokens`: `python -m tests.benchmarks.token_fit FOLDER` writes `bot/core/token_weights.py`.

Each folder in FOLDER holds texts of one kind, and all kinds count the same. `--without KIND` leaves some out and tells
how well the rest serves for them.
"""

import argparse
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.core import tokens
from tests.offline.claude_tokenizer import reference

OUT = Path(tokens.__file__).with_name("token_weights.py")
LETTERS = string.ascii_lowercase
STEPS = 400
UNSEEN = 200
"""Hundredths of a token for a character of an alphabet that no text has."""
Vector = NDArray[np.float64]


def main() -> None:
    """Fit, then print how the count compares with the reference, for each kind: the least, the middle, the most."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", nargs="*", default=[])
    arguments = parser.parse_args()
    kinds = {folder.name: _texts(folder) for folder in sorted(arguments.folder.iterdir())}
    offset, weights = fit({kind: texts for kind, texts in kinds.items() if kind not in arguments.without})
    if not arguments.without:
        OUT.write_text(_source(offset, weights))
    tokens.WEIGHTS, tokens.OFFSET = weights, offset  # type: ignore[attr-defined]
    for kind, texts in kinds.items():
        ratios = [tokens.count_tokens(text) / reference(text) for text in texts]
        least, middle, most = np.percentile(ratios, [0.5, 50, 99.5])
        print(f"{kind:12} {least:.2f} {middle:.2f} {most:.2f} {'(left out)' if kind in arguments.without else ''}")


def _texts(folder: Path) -> list[str]:
    texts = [path.read_text("utf-8", "replace") for path in sorted(folder.iterdir())]
    return [text for text in texts if text]


def fit(kinds: Mapping[str, Iterable[str]]) -> tuple[int, dict[str, int]]:
    """(offset, weights) in hundredths of a token, so that 1 + max(0, offset + weights of its parts) is near the number
    of tokens of a word: least squares over the words of all kinds, by steps downhill (Adam)."""
    shares = Counter[str]()
    for texts in kinds.values():
        words = Counter(word for text in texts for word in tokens._WORDS.findall(unicodedata.normalize("NFKC", text)))
        whole = sum(count * reference(word) for word, count in words.items())
        shares.update({word: count / whole for word, count in words.items()})  # type: ignore[dict-item]
    words, rows, columns, names = list(shares), list[int](), list[int](), dict[str, int]()
    for row, word in enumerate(words):
        for part in filter(None, tokens.parts(word)):
            rows.append(row)
            columns.append(names.setdefault(part, len(names)))
    wanted = np.array([reference(word) - 1.0 for word in words])
    share = np.array([shares[word] for word in words])
    found = _downhill(np.array(rows), np.array(columns), wanted, share, len(names))
    weights = {name: round(100 * found[column]) for name, column in names.items()}
    return round(100 * found[-1]), weights


def _downhill(rows: NDArray[np.int_], columns: NDArray[np.int_], wanted: Vector, share: Vector, size: int) -> Vector:
    """The weights of the columns, then the offset."""
    found = np.append(np.full(size, 0.2), -0.1)
    first, second = np.zeros(size + 1), np.zeros(size + 1)
    for step in range(1, STEPS + 1):
        more = np.bincount(rows, found[columns], len(wanted)) + found[-1]
        slope = np.where(more > 0, 1, 0.01)
        error = (more * slope - wanted) * share * slope
        downhill = np.append(np.bincount(columns, error[rows], size) + 1e-6 * (found[:-1] - 0.2), error.sum())
        first = 0.9 * first + 0.1 * downhill
        second = 0.999 * second + 0.001 * downhill**2
        rate = 0.03 if step < STEPS * 0.6 else 0.006
        found = found - rate * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-10)
    return found


def _source(offset: int, weights: Mapping[str, int]) -> str:
    """The module with the weights: a row for each first letter, then all other parts."""
    rows = [" ".join(f"{weights.get(x + y, UNSEEN):3}" for y in f"{LETTERS}$") for x in f"{LETTERS}^"]
    known = {x + y for x in f"{LETTERS}^" for y in f"{LETTERS}$"}
    blocks = {f"{block:x}{kind}": UNSEEN for block in tokens._BLOCKS for kind in ("", "~")}
    others = {name: weight for name, weight in (blocks | weights).items() if name not in known}
    table, listed = "\n".join(rows), "\n".join(f'    "{name}": {weight},' for name, weight in sorted(others.items()))
    return MODULE.format(offset=offset, table=table, others=listed)


MODULE = '''"""What a word costs by its neighbouring characters, in hundredths of a token; written by `token_fit`."""

from string import ascii_lowercase

OFFSET = {offset}
_TABLE = """\\
{table}
"""
"""A row for each letter and the beginning of a word; in it a number for each letter that follows, and the end."""
WEIGHTS = {{
{others}
}} | {{
    first + second: int(weight)
    for first, row in zip(ascii_lowercase + "^", _TABLE.splitlines(), strict=True)
    for second, weight in zip(ascii_lowercase + "$", row.split(), strict=True)
}}
"""`^` and `$` are the ends of a word, `aA`, `AA`, `^A` capitals, `00` digits, `==` and `=+` signs that are the same
or not, and hexadecimal numbers alphabets by where they begin, those with `~` for what is no letter."""
'''


if __name__ == "__main__":
    main()
