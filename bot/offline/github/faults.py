"""Faults by name: answers that fail, get lost, or never come."""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class Hang:
    """A request that is held. `reached` is set when one arrives; `release()` lets it and those after it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._released = threading.Event()

    def release(self) -> None:
        self._released.set()

    def hold(self) -> None:
        """Block the calling thread until released."""
        self.reached.set()
        self._released.wait()


@dataclass(slots=True)
class Fault:
    """What to do to the next `times` requests that match; `status` 0 breaks the connection instead of answering."""

    method: str
    path: re.Pattern[str]
    times: int
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    after_effect: bool = False
    hang: Hang | None = None

    def matches(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("*", method) and self.path.search(path) is not None


class Faults:
    """The faults that were asked for and not yet used up; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that matches, counted down."""
        with self._lock:
            found = next((f for f in self._faults if f.matches(method, path)), None)
            if found:
                found.times -= 1
            return found

    def unused(self) -> list[Fault]:
        """Faults that were asked for and did not happen."""
        with self._lock:
            return [f for f in self._faults if f.times > 0]

    def clear(self) -> None:
        """Forget all faults and let held requests go."""
        with self._lock:
            for fault in self._faults:
                if fault.hang:
                    fault.hang.release()
            self._faults.clear()
