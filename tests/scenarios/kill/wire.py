"""A GitHub and a Claude whose requests can be held: before they take effect, or before they are answered."""

import re
import threading
import time
from collections import Counter
from pathlib import Path
from typing import NoReturn

from bot.core.conversation import Json
from bot.offline.claude import ScriptedClaude, Session
from bot.offline.claude.faults import Fault as ClaudeFault
from bot.offline.claude.heading import heading_of, turn_of
from bot.offline.claude.serving import CutError
from bot.offline.github import LocalGitHub
from bot.offline.github.faults import Fault, Faults, Hang

_IDS = re.compile(r"(?<=comments/)\d+|(?<=reactions/)\d+|(?<=installations/)\d+|\b[0-9a-f]{40}\b|\d{6}-\d{6}-\w+")


class Gate:
    """Sees each request as two lines, `NAME #2 before` and `NAME #2 after`; holds whoever comes to `stops_at`."""

    def __init__(self) -> None:
        self.stops_at = ""
        self.passed: list[tuple[float, str]] = []
        self.reached = threading.Event()
        self._open = threading.Event()
        self._counts = Counter[str]()
        self._lock = threading.Lock()

    def name(self, what: str) -> str:
        """The request's own name."""
        with self._lock:
            self._counts[what] += 1
            return f"{what} #{self._counts[what]}"

    def arm(self, line: str) -> None:
        """Hold the request that comes to this line."""
        self.stops_at = line
        self.reached.clear()
        self._open.clear()

    def release(self) -> None:
        """Let go of what is held."""
        self.stops_at = ""
        self._open.set()

    def passes(self, line: str) -> bool:
        """Wait here if this is the line; whether it was."""
        self.passed.append((time.monotonic(), line))
        if line != self.stops_at:
            return False
        self.reached.set()
        self._open.wait()
        return True


class _GatedFaults(Faults):
    """Every request of the local GitHub passes here first."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self._gate = gate

    def take(self, method: str, path: str) -> Fault | None:
        """A request whose sender was killed before it took effect is dropped, as if it had never arrived."""
        name = self._gate.name(f"{method} {_IDS.sub('N', path)}")
        everything = re.compile("")
        if self._gate.passes(f"{name} before"):
            return Fault(method, everything, 0, status=0)
        return super().take(method, path) or Fault(
            method, everything, 0, after_effect=True, hang=_GatedAnswer(self._gate, name)
        )


class _GatedAnswer(Hang):
    """Holds an answer that the sender will not live to see."""

    def __init__(self, gate: Gate, name: str) -> None:
        super().__init__()
        self._gate = gate
        self._name = name

    def hold(self) -> None:
        """Called when the request has had its effect."""
        self._gate.passes(f"{self._name} after")


class GatedGitHub(LocalGitHub):
    """The local GitHub behind a gate."""

    def __init__(self, root: Path, gate: Gate) -> None:
        super().__init__(root)
        self._server.faults = _GatedFaults(gate)


class GatedClaude(ScriptedClaude):
    """The scripted Claude behind a gate."""

    def __init__(self, session: Session, gate: Gate) -> None:
        super().__init__(session, strict=True, delay_factor=0.0)
        self._gate = gate

    def answer(self, body: Json) -> tuple[Json, ClaudeFault | None, float]:
        """The scripted reply; a call that was stopped before it took effect counts as never made."""
        heading = heading_of(body["messages"])
        name = self._gate.name(f"Claude {heading} turn {turn_of(body['messages'])}")
        if self._gate.passes(f"{name} before"):
            self._cut()
        answer = super().answer(body)
        self._gate.passes(f"{name} after")
        return answer

    def _cut(self) -> NoReturn:
        raise CutError
