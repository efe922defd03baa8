"""What the visitor asked of the demo, and which model will speak."""

import os
import re
import subprocess
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from bot.core.errors import BotError

SAMPLE_TITLE = "Limit login attempts"
SAMPLE_BODY = """\
Somebody can try passwords at `/login` as fast as the server answers.

After five failed attempts for one user from one address within a minute, answer 429 with `Retry-After` until the minute
has passed. A right password in between clears the count. Other users and addresses must not notice.
"""
SAMPLE_COMMAND = "/dev-workflow add rate limiting to the login endpoint"


@dataclass(frozen=True, slots=True)
class Wish:
    """The options of `devflow demo`, as they were typed."""

    report: Path | None = None
    keep: bool = False
    repo: Path | None = None
    issue: str = ""
    session: Path | None = None
    sandbox: str = ""

    @property
    def own(self) -> bool:
        """Whether the visitor brings a repository or a wish of their own."""
        return self.repo is not None or bool(self.issue)


@dataclass(frozen=True, slots=True)
class Play:
    """What will be shown: a repository, an issue, a command, and the words' source (`session` None: a real model)."""

    repository: str
    source: Path
    branch: str
    title: str
    body: str
    command: str
    session: Path | None
    trusted: bool
    """Whether all code that runs is our own, so that it may run without a sandbox where none is installed."""


def real_model() -> bool:
    """Whether the environment names a model that can be asked."""
    return bool(
        os.environ.get("ANTHROPIC_API_KEY")
        or os.environ.get("ANTHROPIC_BASE_URL")
        or os.environ.get("DEVFLOW_PROVIDER")
    )


def cast(wish: Wish) -> Play:
    """Decide what to show. Raises `BotError` if there are no words for the visitor's own wish."""
    sample = Path(str(files("bot").joinpath("offline", "sample")))
    if wish.session is None and not real_model() and wish.own:
        raise BotError(
            "The built-in session speaks only of the sample repository.",
            "For your own, set ANTHROPIC_API_KEY, or write the model's words: `--session FILE` (docs/sessions.md).",
        )
    session = wish.session or (None if real_model() else sample / "rate-limit.yaml")
    if not wish.own:
        return Play(
            "acme/latchkey",
            sample / "repository",
            "main",
            SAMPLE_TITLE,
            SAMPLE_BODY,
            SAMPLE_COMMAND,
            session,
            wish.session is None and session is not None,
        )
    title, _, body = (wish.issue or _session_title(session) or "Improve this repository").strip().partition("\n")
    source = _repository(wish.repo) if wish.repo else sample / "repository"
    branch = _git(source, "symbolic-ref", "--short", "HEAD") if wish.repo else "main"
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", source.name).strip("-.") if wish.repo else "latchkey"
    return Play(
        f"acme/{name or 'repository'}",
        source,
        branch,
        title.strip(),
        body.strip(),
        "/dev-workflow",
        session,
        trusted=False,
    )


def _session_title(session: Path | None) -> str:
    if session is None:
        return ""
    from bot.offline.claude import Session

    return Session.load(session).session


def _repository(path: Path) -> Path:
    path = path.expanduser().resolve()
    if not path.is_dir():
        raise BotError(f"{path} is not a folder.", "Give `--repo` the path of a git repository.")
    try:
        _git(path, "rev-parse", "--verify", "HEAD^{commit}")
        _git(path, "symbolic-ref", "--short", "HEAD")
    except subprocess.CalledProcessError as error:
        raise BotError(
            f"{path} is not a git repository with a commit on a branch.",
            "Run `git init`, `git add -A`, `git commit` in it, or check out a branch.",
        ) from error
    return path


def _git(path: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(path), *arguments], check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()
