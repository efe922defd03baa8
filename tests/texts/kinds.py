"""Each kind of text has a maker that adds a part to it; a text is made of parts until it is long enough."""

import base64
import difflib
import json
import random
import uuid
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.texts.prose import SENTENCES

LIBRARY = Path(json.__file__).parents[1]
NAMES = (
    "user",
    "order",
    "invoice",
    "session",
    "render",
    "total",
    "cache",
    "token",
    "retry",
    "widget",
    "theme",
    "report",
)
EMOJI = "😀🎉🚀🔥👍🏽✅❌⚠️🐛📦🧪💡👩‍💻🇩🇪"


def text_of(kind: str, dice: random.Random, chars: int) -> str:
    """A text of a kind, or of several mixed, at least so many characters long."""
    made, length = list[str](), 0
    while length < chars:
        part = KINDS[kind](dice) if kind != "mixed" else KINDS[dice.choice(list(KINDS))](dice)
        made.append(part)
        length += len(part) + 1
    return "\n".join(made)


def _prose(language: str) -> Callable[[random.Random], str]:
    ends = SENTENCES[language].replace("。", "。|").replace(". ", ".|").replace("।", "।|").split("|")
    sentences = [sentence.strip() for sentence in ends if sentence.strip()]
    return lambda dice: " ".join(dice.choices(sentences, k=dice.randint(1, 6)))


@cache
def _sources() -> tuple[Path, ...]:
    return tuple(sorted(path for path in LIBRARY.glob("*.py") if path.stat().st_size > 4_000))


def _python(dice: random.Random) -> str:
    lines = dice.choice(_sources()).read_text("utf-8", "replace").split("\n")
    start = dice.randrange(len(lines))
    return "\n".join(lines[start : start + dice.randint(10, 120)])


def _diff(dice: random.Random) -> str:
    before = _python(dice).split("\n")
    after = [line for line in before if dice.random() > 0.1]
    after.insert(dice.randint(0, len(after)), f"    {_name(dice)} = {_name(dice)}({dice.randint(0, 99)})")
    path = f"src/{_name(dice)}.py"
    return "\n".join(difflib.unified_diff(before, after, f"a/{path}", f"b/{path}", lineterm=""))


def _name(dice: random.Random) -> str:
    first, second = dice.choices(NAMES, k=2)
    return dice.choice([f"{first}_{second}", f"{first}{second.title()}", f"{first.title()}{second.title()}", first])


def _value(dice: random.Random) -> object:
    return dice.choice([dice.randint(0, 10**9), dice.random(), _name(dice), str(uuid.UUID(int=dice.getrandbits(128)))])


def _json(dice: random.Random) -> str:
    rows = [{_name(dice): _value(dice) for _ in range(dice.randint(2, 8))} for _ in range(6)]
    return json.dumps(rows, indent=dice.choice([None, 2]))


def _log(dice: random.Random) -> str:
    level, number = dice.choice(["INFO", "WARNING", "ERROR"]), dice.randint
    stamp = f"2026-0{number(1, 9)}-{number(10, 28)}T{number(10, 23)}:{number(10, 59)}:03.{number(100, 999)}Z"
    call = f"10.{number(0, 255)}.{number(0, 255)}.7 GET /api/{_name(dice)}?id={dice.getrandbits(24)}"
    return f"{stamp} {level:7} [{_name(dice)}] {call} {dice.choice([200, 404, 503])} {dice.random():.3f}s"


def _trace(dice: random.Random) -> str:
    frames = []
    for _ in range(dice.randint(2, 8)):
        path = f"/usr/lib/python3/site-packages/{_name(dice)}/{_name(dice)}.py"
        frames += [f'  File "{path}", line {dice.randint(1, 999)}, in {_name(dice)}']
        frames += [f"    return self.{_name(dice)}({_name(dice)})"]
    return "\n".join(["Traceback (most recent call last):", *frames, f"{_name(dice).title()}Error: {_name(dice)!r}"])


def _minified(dice: random.Random) -> str:
    a, b, c = dice.choices("abcdefghijklmnopqrstuvwxyzABCDEFGH", k=3)
    return (
        f"function {a}({b},{c}){{return {b}&&{c}.{_name(dice)}?{a}.call(this,{b}):void 0}}"
        f'var {c}=n({dice.randint(1, 9999)});t.exports={{{a}:!0,"{_name(dice)}":e=>({b}(e),{c})}};'
    )


def _table(dice: random.Random) -> str:
    return f"| {_name(dice)} | {dice.randint(0, 99_999):,} | {dice.random():.2f} | {_name(dice)} |"


def _encoded(dice: random.Random) -> str:
    data = base64.b64encode(dice.randbytes(dice.randint(300, 900))).decode()
    return "\n".join(data[at : at + 76] for at in range(0, len(data), 76)) if dice.random() < 0.5 else data


def _chat(dice: random.Random) -> str:
    words = " ".join(dice.choices(NAMES, k=dice.randint(2, 9)))
    return f"{_name(dice)}: {words} {''.join(dice.choices(EMOJI, k=dice.randint(1, 4)))}"


KINDS: dict[str, Callable[[random.Random], str]] = {
    **{language: _prose(language) for language in SENTENCES},
    "python": _python,
    "diff": _diff,
    "json": _json,
    "log": _log,
    "trace": _trace,
    "minified": _minified,
    "table": _table,
    "csv": lambda dice: ",".join(str(_value(dice)) for _ in range(6)),
    "base64": _encoded,
    "hex": lambda dice: dice.randbytes(dice.randint(16, 400)).hex(),
    "hashes": lambda dice: f"{dice.randbytes(20).hex()} {_name(dice)}",
    "chat": _chat,
    "identifiers": lambda dice: " ".join(_name(dice) for _ in range(12)),
    "numbers": lambda dice: " ".join(str(dice.getrandbits(dice.randint(1, 64))) for _ in range(10)),
}
