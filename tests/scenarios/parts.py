"""What a scenario needs beside the bot: a clock whose waits are short, a Claude that remembers what it was told."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta

from bot.core.conversation import Json
from bot.offline.claude import ScriptedClaude
from bot.offline.claude.faults import Fault
from bot.offline.claude.heading import heading_of, turn_of

SPEED = 20.0
"""Waits for GitHub's limits and the model's pauses take this many times less; the date stays the real one."""
_VARYING = (
    (re.compile(r"\b\d{6}-\d{6}-[0-9a-z]+"), "RUN"),
    (re.compile(r"\b\d\d:\d\d UTC"), "NOW"),
    (re.compile(r"#issuecomment-\d+"), "#COMMENT"),
    (re.compile(r"\b[0-9a-f]{40}\b|\b(?=[0-9a-f]*[a-f])[0-9a-f]{12}\b|\b\d{12}\b"), "SHA"),
    (re.compile(r"\bin \d+\.\d+s\b"), "in TIME"),
    (re.compile(r"(\d+ h )?(\d+ min )?\b\d+(\.\d)? s\b"), "TIME"),
    (re.compile(r"\b\d+(\.\d)?k? tokens\b( \(\d+ % of the prompts cached\))?"), "N tokens"),
    (re.compile(r"\| \d+(\.\d)?k \| (<?\$\d+\.\d\d) \|"), "| N | COST |"),
    (re.compile(r"(?<=· )(up to )?<?\$\d+\.\d\d"), r"\1COST"),
    (re.compile(r"\bexpected <?\$\d+\.\d\d \([^)]*\)"), "expected COST"),
    (re.compile(r"(?m)^(Expected|To build this): .*$"), r"\1: COST"),
    (re.compile(r", sandbox: [a-z]+"), ""),
    (re.compile(r"`PYTHONPATH=[^`]*`"), "`TESTS`"),
)


def plain(text: str) -> str:
    """A comment without what differs from run to run: times, tokens, costs, SHAs, the run's name."""
    for pattern, word in _VARYING:
        text = pattern.sub(word, text)
    return text


class FastClock:
    """The machine's date, with waits that are short."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class HandClock:
    """A clock that stands still until it is moved; whoever sleeps wakes when his moment has come."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return datetime(2026, 5, 4, 12, 0, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.seconds + seconds, waiting))
        await waiting

    @property
    def sleeping(self) -> int:
        """How many wait."""
        return sum(not waiting.done() for _, waiting in self._sleepers)

    def advance(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.seconds += seconds
        for due, waiting in self._sleepers:
            if due <= self.seconds and not waiting.done():
                waiting.set_result(None)


class HeardClaude(ScriptedClaude):
    """The scripted Claude, with every request as it came over the wire."""

    def __init__(self) -> None:
        super().__init__(strict=True, delay_factor=0.0)
        self.bodies: list[Json] = []

    def thinks(self) -> None:
        """From now on its delays pass for real, so that others can come in between."""
        self._delay_factor = 1.0

    def answer(self, body: Json) -> tuple[Json, Fault | None, float]:
        """Remember the request, then answer it; a reply that hangs counts as spoken."""
        self.bodies.append(body)
        message, fault, seconds = super().answer(body)
        if fault is not None and fault.kind == "hang" and (heading := heading_of(body["messages"])):
            number = turn_of(body["messages"])
            self._played.add((self._entry(heading, number).key, number))
        return message, fault, seconds

    def told(self, phase: str) -> str:
        """The first user message of the first conversation of a phase."""
        for body in self.bodies:
            text = str(body["messages"][0]["content"][0]["text"])
            if text.startswith(f'<phase name="{phase}"'):
                return text
        raise AssertionError(f"Claude was never asked for {phase}")

    def answers_of_tools(self, phase: str, *, newest: bool = False, agent: str = "") -> list[str]:
        """What the tools answered in the longest (or the newest) conversation of a phase and agent, in order."""
        tag = f'<phase name="{phase}"' + (f' agent="{agent}"' if agent else "")
        found = [b["messages"] for b in self.bodies if tag in str(b["messages"][0])]
        blocks = [block for message in (found[-1] if newest else max(found, key=len)) for block in message["content"]]
        return [text_of(block["content"]) for block in blocks if block["type"] == "tool_result"]


def text_of(content: object) -> str:
    """The words of a block's content, in either of its two forms."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content)
    return str(content)
