"""What an examination of a machine and its settings found: one verdict for each thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warning", "wrong", "not looked at"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found, as a sentence without its full stop; `fix` is the next step, empty where all is well."""

    state: State
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with the name of what was looked at."""

    check: str
    state: State
    found: str
    fix: str


Verdicts = list[Verdict]


def ok(found: str) -> Verdicts:
    return [Verdict("ok", found)]


def warning(found: str, fix: str) -> Verdicts:
    """Devflow works, but not as well or as safely as it could."""
    return [Verdict("warning", found, fix)]


def wrong(found: str, fix: str) -> Verdicts:
    """Something that people want of Devflow does not work."""
    return [Verdict("wrong", found, fix)]


def not_looked_at(why: str, fix: str = "") -> Verdicts:
    """`fix` says how it could be looked at, where that is in somebody's hands."""
    return [Verdict("not looked at", why, fix)]


def summary(findings: list[Finding]) -> str:
    """One line of counts: `2 wrong, 1 warning, 14 ok, 3 not looked at.`"""
    counts = {state: sum(finding.state == state for finding in findings) for state in STATES}
    told = (f"{count} {state}{'s' * (state == 'warning' and count > 1)}" for state, count in counts.items() if count)
    return f"{', '.join(told)}."


STATES: tuple[State, ...] = ("wrong", "warning", "ok", "not looked at")
"""The worst first."""
