"""Transcripts of agents that look for what to change, made from real code with a seed; gold is what the change edits.

`python -m tests.benchmarks.transcripts --seed 1 --style calls > FILE` writes rows `{"text","query","gold":[...]}` that
`python -m tests.benchmarks.compress --data FILE` takes. Every line of code and every path is real: of the parents of
this repository's commits (`--source git`), or of the packages installed here (`--source packages`), where a function is
chosen to be edited. The walk through them is made up: an issue, listings, searches, files read whole and again in part,
tests, edits that were tried, and a closing summary that names most of the files.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.benchmarks.transcript_sources import SOURCES, Change
from tests.benchmarks.transcript_styles import STYLES, Step

SIZES = (14_000, 56_000, 220_000)
"""Characters: about 4k, 16k and 64k tokens."""
WINDOW = 400
"""A longer file is read in windows of so many lines."""
SAYINGS = (
    "Let me look at how this is done now.",
    "This is where it is called from. I want to see what else depends on it.",
    "Not here. The name is only re-exported.",
    "Now I understand the flow; before I decide I check the tests.",
    "That confirms it: the value is lost on the way.",
)


@dataclass(frozen=True, slots=True)
class Transcript:
    """A text, what the next one has to do, the paths and the lines of code that the change edits."""

    text: str
    query: str
    files: tuple[str, ...]
    lines: tuple[str, ...]

    def row(self) -> dict[str, object]:
        """As `tests.benchmarks.compress` reads it."""
        return {"text": self.text, "query": self.query, "gold": [*self.files, *self.lines]}


def transcripts(source: str, style: str, seed: int, count: int, sizes: Sequence[int] = SIZES) -> Iterator[Transcript]:
    """So many transcripts, of each size in turn; gold is only what their text has, a path or a whole line."""
    rng = random.Random(seed)
    changes = SOURCES[source](rng)
    for number in range(count):
        change = next(changes, None)
        if change is None:
            return
        session = _Session(change, rng, sizes[number % len(sizes)])
        text = "\n".join(STYLES[style](session.walk(), rng))
        lines = dict.fromkeys(change.files[path][n].strip() for path, numbers in change.edits.items() for n in numbers)
        yield Transcript(
            text,
            change.task,
            tuple(path for path in change.edits if path in text),
            tuple(line for line in lines if len(line) > 12 and line in text),
        )


@dataclass(slots=True)
class _Session:
    """A walk through one change's code, of about `size` characters."""

    change: Change
    rng: random.Random
    size: int
    steps: list[Step] = field(default_factory=list)

    def walk(self) -> list[Step]:
        """The steps in their order."""
        change, rng = self.change, self.rng
        self.add(Step("say", f"The task:\n\n{change.task}"))
        self.add(Step("list", ".", tuple(rng.sample(sorted(change.files), min(len(change.files), 60)))))
        self._grep()
        targets = rng.sample(sorted(change.edits), len(change.edits))
        others = [path for path in rng.sample(sorted(change.files), len(change.files)) if path not in change.edits]
        while targets or (others and self._length() < 0.7 * self.size):
            if targets and (not others or self._length() > self.size * 0.5 or rng.random() < 0.3):
                self._read(targets.pop())
            else:
                self._read(others.pop())
            self._between()
        self._look_again()
        self.add(Step("say", self._summary()))
        return self.steps

    def add(self, step: Step) -> None:
        self.steps.append(step)

    def _length(self) -> int:
        return sum(len(step.text) + sum(map(len, step.lines)) for step in self.steps)

    def _between(self) -> None:
        """What agents do besides reading."""
        doings: tuple[tuple[float, Callable[[], None]], ...] = (
            (0.4, lambda: self.add(Step("say", self.rng.choice(SAYINGS)))),
            (0.25, self._grep),
            (0.25, self._test),
            (0.1, self._install),
            (0.1, self._try_edit),
        )
        for share, do in doings:
            if self.rng.random() < share:
                do()

    def _read(self, path: str) -> None:
        """A file whole, or, where it is long, the window around a line to edit, or any."""
        lines = self.change.files[path]
        at = 0
        most = min(WINDOW, self.size // 100)
        if len(lines) > most:
            edits = self.change.edits.get(path)
            at = max(0, self.rng.choice(edits) - most // 2) if edits else self.rng.randrange(len(lines) - most)
        self.add(Step("read", path, lines[at : at + most], first=at + 1, total=len(lines)))

    def _look_again(self) -> None:
        """Most of what will be edited is read a second time, closely, and some of what will not."""
        rng = self.rng
        read = list(dict.fromkeys(step.text for step in self.steps if step.kind == "read"))
        others = [path for path in read if path not in self.change.edits]
        for path in rng.sample(others, min(len(others), rng.randrange(3))) + list(self.change.edits):
            numbers = self.change.edits.get(path) or (rng.randrange(len(self.change.files[path])),)
            if path in self.change.edits and rng.random() > 0.7:
                continue
            at = max(0, rng.choice(numbers) - rng.randrange(5, 25))
            lines = self.change.files[path]
            self.add(Step("read", path, lines[at : at + rng.randrange(20, 60)], first=at + 1, total=len(lines)))
            if rng.random() < 0.4:
                self._test()

    def _grep(self) -> None:
        words = [word.strip("`.,:()") for word in self.change.task.split() if len(word.strip("`.,:()")) > 5]
        if not words:
            return
        word = self.rng.choice(words)
        hits = [
            f"{path}:{n}:{line}"
            for path, lines in self.change.files.items()
            for n, line in enumerate(lines, 1)
            if word in line
        ]
        self.add(Step("grep", word, tuple(hits[:30])))

    def _test(self) -> None:
        rng, change = self.rng, self.change
        tests = [path for path in change.files if "test" in path] or ["tests/test_all.py"]
        words = [word for word in change.task.lower().split() if word.isalpha()] or ["all"]
        names = [f"{rng.choice(tests)}::test_{rng.choice(words)}_{rng.choice(words)}" for _ in range(rng.randrange(40))]
        out = [f"{name} PASSED [{100 * n // len(names):3}%]" for n, name in enumerate(names, 1)]
        path = rng.choice(sorted(change.edits))
        number = rng.choice(change.edits[path])
        if rng.random() < 0.4:
            error = f"AssertionError: {rng.choice(words)} is not {rng.choice(words)}"
            place = f'  File "/workspace/{path}", line {number + 1}, in {rng.choice(words)}'
            source = f"    {change.files[path][number].strip()}"
            out += ["Traceback (most recent call last):", place, source, error, "1 failed in 2.31s"]
        self.add(Step("run", "python -m pytest -v", (*out, f"{len(names)} passed in 3.07s")))

    def _install(self) -> None:
        names = [f"package-{self.rng.randrange(900)}" for _ in range(self.rng.randrange(5, 30))]
        self.add(Step("run", "pip install -e .", tuple(f"Requirement already satisfied: {name}" for name in names)))

    def _try_edit(self) -> None:
        """An edit in a file that was read: sometimes of the very lines, since first attempts fail."""
        read = [step.text for step in self.steps if step.kind == "read"]
        path = self.rng.choice(read)
        lines = self.change.files[path]
        at = self.rng.choice(self.change.edits.get(path) or (self.rng.randrange(len(lines)),))
        old = lines[at : at + 3]
        self.add(Step("edit", path, old, first=at + 1, new=tuple(f"{line}  # tried" for line in old)))

    def _summary(self) -> str:
        named = [path for path in self.change.edits if self.rng.random() < 0.8]
        points = [f"- `{path}`: {self.rng.choice(SAYINGS)}" for path in named]
        first = self.change.task.split("\n", maxsplit=1)[0]
        return "\n".join(["## Summary", "", f"I know now what is needed for: {first}", *points])


def main() -> None:
    """Write rows to standard output."""
    parser = argparse.ArgumentParser(description="Make transcripts of agents at work, with what their change edits.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--style", choices=[*STYLES], default="calls")
    parser.add_argument("--source", choices=[*SOURCES], default="git")
    arguments = parser.parse_args()
    for one in transcripts(arguments.source, arguments.style, arguments.seed, arguments.count):
        sys.stdout.write(json.dumps(one.row()) + "\n")


if __name__ == "__main__":
    main()
