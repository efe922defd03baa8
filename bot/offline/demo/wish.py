"""What the visitor asked of the demo, checked before anything is started, and which model will speak."""

import os
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from bot.core.errors import BotError
from bot.offline.demo.hosting import Hosted, look_at
from bot.offline.demo.model import real_model

TITLE_LIMIT = 100
SAMPLE_TITLE = "Limit login attempts"
SAMPLE_BODY = """\
Somebody can try passwords at `/login` as fast as the server answers.

After five failed attempts for one user from one address within a minute, answer 429 with `Retry-After` until the minute
has passed. A right password in between clears the count. Other users and addresses must not notice.
"""
SAMPLE_COMMAND = "/dev-workflow add rate limiting to the login endpoint"


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of `devflow demo`, as they were typed; None and empty mean: not given."""

    report: Path | None = None
    keep: bool = False
    repo: Path | None = None
    issue: str | None = None
    session: Path | None = None
    sandbox: str = ""
    comprehensive: bool = False

    @property
    def own(self) -> bool:
        """Whether the visitor brings a repository or a wish of their own."""
        return self.repo is not None or self.issue is not None


@dataclass(frozen=True, slots=True)
class Play:
    """What will be shown.

    `sessions` hold the model's words, later ones on top of earlier ones; there are none if a real model speaks, by its
    settings `model`.
    """

    repository: str
    branch: str
    title: str
    body: str
    command: str
    sessions: tuple[Path, ...]
    model: dict[str, Any] = field(repr=False)
    hosted: Hosted | None
    """The visitor's own repository, None for the sample."""
    trusted: bool
    """Whether all code that runs is our own, so that it may run without a sandbox where none is installed."""

    @property
    def notes(self) -> tuple[str, ...]:
        return self.hosted.notes if self.hosted else ()


def sample() -> Path:
    """The folder of the sample: its repository, and the session that speaks of it."""
    return Path(str(files("bot").joinpath("offline", "sample")))


def cast(wish: Wish) -> Play:
    """Decide what to show. Raises `BotError` for a wish that cannot be played."""
    if wish.sandbox not in {"", "auto", "bubblewrap", "container", "none"}:
        raise BotError(f"`--sandbox {wish.sandbox}` is not known.", "Use auto, bubblewrap, container or none.")
    if wish.report:
        _check_report(wish.report)
    model = None if wish.session else real_model()
    if model is None and wish.session is None and wish.own:
        raise BotError(
            "The built-in session speaks only of the sample repository and its issue.",
            "For your own, set ANTHROPIC_API_KEY, or write the model's words: `--session FILE` (docs/sessions.md).",
        )
    built_in = ["rate-limit.yaml", *(["comprehensive.yaml"] if wish.comprehensive else [])] if model is None else []
    sessions = (wish.session,) if wish.session else tuple(sample() / name for name in built_in)
    command = "/dev-workflow" if wish.own else SAMPLE_COMMAND
    hosted = look_at(wish.repo) if wish.repo else None
    title, body = _words(wish, _title_of(wish.session))
    return Play(
        repository=f"acme/{hosted.name if hosted else 'latchkey'}",
        branch=hosted.branch if hosted else "main",
        title=title,
        body=body,
        command=f"{command} --comprehensive" if wish.comprehensive else command,
        sessions=sessions,
        model=model or {},
        hosted=hosted,
        trusted=model is None and wish.session is None,
    )


def _words(wish: Wish, session_title: str) -> tuple[str, str]:
    """(title, body) of the issue."""
    if wish.issue is not None:
        return _issue(wish.issue)
    if wish.repo is None:
        return SAMPLE_TITLE, SAMPLE_BODY
    if wish.session is None:
        raise BotError("What should be done in the repository?", "Say it: `--issue TEXT`.")
    return session_title or f"A change for {wish.repo.name}", ""


def _issue(text: str) -> tuple[str, str]:
    """The first line is the title; one that is too long for a title stays in the body, whole."""
    if not text.strip():
        raise BotError("The issue is empty.", "Write what should be done: `--issue TEXT`.")
    title, _, body = text.strip().partition("\n")
    if len(title) > TITLE_LIMIT:
        return title[: TITLE_LIMIT - 1].rstrip() + "…", text.strip()
    return title.strip(), body.strip()


def _title_of(session: Path | None) -> str:
    """The title that a visitor's session has. Raises `SessionError` for a file that cannot be played."""
    if session is None:
        return ""
    from bot.offline.claude import Session

    return Session.load(session).session


def _check_report(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise BotError(f"The folder {folder} for the report is not there.", f"Make it first: `mkdir -p {folder}`.")
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise BotError(f"The report cannot be written to {path}.", "Give `--report` the name of a file.")
