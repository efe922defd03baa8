"""What is said about who may do what, and when."""

from datetime import datetime

from bot.core.comments.common import safe
from bot.core.people import Halt


def delegated(login: str, command: str, *, new: bool) -> str:
    """The answer to `/delegate`; an empty command is every one that needs write."""
    what = f"`/{command}`" if command else "every command that needs `write` access"
    already = "" if new else " already"
    return (
        f"🤝 @{login} may{already} give {what} on this issue.\n\n"
        "It holds here alone: who should have it everywhere gets access in the repository's settings."
    )


def halted(halt: Halt) -> str:
    """A sentence: who stopped the line, since when, and why."""
    why = f": {_one_line(halt.reason).rstrip('.')}" if halt.reason else ""
    return f"`{halt.by}` paused this repository on {_moment(halt.at)}{why}."


def paused(halt: Halt, held: int) -> str:
    """The answer to `/pause`; `held` runs wait before their next phase."""
    work = f" {_runs(held)} {'waits' if held == 1 else 'wait'} before the next phase." if held else ""
    return f"⏸️ {halted(halt)} No run begins in the meantime.{work} `/unpause` lets everything go on."


def unpaused(halt: Halt | None, held: int) -> str:
    """The answer to `/unpause`."""
    if halt is None:
        return "▶️ This repository is not paused."
    work = f" {_runs(held)} {'goes' if held == 1 else 'go'} on." if held else " Commands start runs again."
    return f"▶️ The pause is over. {halted(halt)}{work}"


def _runs(count: int) -> str:
    return "One run" if count == 1 else f"{count} runs"


def _one_line(text: str) -> str:
    return " ".join(safe(text).split())[:300]


def _moment(at: datetime) -> str:
    return f"{at:%d %B at %H:%M} UTC"
