"""What happens to the server while it works: ways to tell the story that all end as if nothing had happened."""

import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httpx

from bot.offline.github.hooks import Delivery
from tests.scenarios.kill.launcher import Commands
from tests.scenarios.kill.lines import chosen
from tests.scenarios.kill.story import Story

Tale = Callable[[Story, Sequence[str]], None]
"""(the story, the lines of an undisturbed run)."""
COPIES = 20


def undisturbed(told: Story, _: Sequence[str]) -> None:
    """Nothing happens to the server."""
    told.play([])


@dataclass(frozen=True)
class KilledAt:
    """`kill -9` at one line of a kind."""

    kind: str
    index: int

    def __call__(self, told: Story, lines: Sequence[str]) -> None:
        told.play([chosen(lines, self.kind, self.index)])

    def __str__(self) -> str:
        return f"{self.kind} {self.index}"


@dataclass(frozen=True)
class Killed:
    """`kill -9` at one line after the other, each time in the server that was started after the last."""

    name: str
    lines: tuple[str, ...]
    files_go: bool = False
    command: bool = False

    def __call__(self, told: Story, _: Sequence[str]) -> None:
        if self.command:
            told.launcher = Commands()
        told.play(self.lines, lambda: shutil.rmtree(told.state / "work") if self.files_go else None)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Cancelled:
    """`/cancel` while the model thinks, and `kill -9` at one line of what follows from it."""

    line: str

    def __call__(self, told: Story, _: Sequence[str]) -> None:
        told.claude.hangs(phase="design")
        told.gate.arm(self.line)
        told.start(dies_at=self.line)
        told.ask()
        told.until(lambda: ("design", 0) in told.asked())
        told.comment("/cancel")
        told.reach(self.line)
        told.end()
        told.note_death()
        told.play_on()

    def __str__(self) -> str:
        return self.line


def stopped(told: Story, _: Sequence[str]) -> None:
    """SIGTERM while the model thinks and, later, while the pull request is being opened."""
    for line in ("Claude phase design, agent architect turn 0 #1 after", "POST /repos/acme/widget/pulls #1 after"):
        told.play_until(line)
        assert told.end(kill=False) == 0
        told.note_death()
    told.play_on()


def killed_after_202(told: Story, _: Sequence[str]) -> None:
    """GitHub has its answer and will not deliver again; nothing has been done about the comment yet."""
    told.play_until("GET /app #1 before")
    told.github.wait_idle()
    assert told.attempts()[-1].status_code == 202
    told.end()
    told.note_death()
    told.play_on()
    assert len(told.attempts()) == 1


def delivered_again(told: Story, _: Sequence[str]) -> None:
    """The comment is made while no server runs; later GitHub sends its delivery again, twenty copies at once."""
    told.start()
    told.end()
    told.ask()
    told.github.wait_idle()
    told.start()
    (lost,) = told.attempts()
    assert not lost.ok
    answers: list[int] = []
    posts = [threading.Thread(target=lambda: answers.append(_post(told.hook, lost))) for _ in range(COPIES)]
    for post in posts:
        post.start()
    for post in posts:
        post.join()
    assert answers == [202] * COPIES
    told.until_over()


def _post(url: str, delivery: Delivery) -> int:
    return httpx.post(url, content=delivery.body, headers=delivery.headers, trust_env=False, timeout=30).status_code
