"""What is asked of GitHub, in words, and the sentences for when it fails."""

import re
from dataclasses import dataclass
from typing import Literal

from bot.core.repository import Repo
from bot.ports import GitHubError

Kind = Literal["read", "object", "write", "content"]
"""`read` and `object` (git objects and tokens, which nothing refers to yet) may be sent again after any failure;
`write` may not; `content` may not either, and is paced, because GitHub limits what people are notified of."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing we want of GitHub: `what` completes "Could not ...", `needs` is the permission (`Issues: write`)."""

    what: str
    needs: str
    kind: Kind = "read"
    repo: Repo | None = None
    graphql: bool = False
    """Whether it is asked in GraphQL, which answers 200 whatever happened."""

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no harm."""
        return self.kind in ("read", "object")


class RefusedError(GitHubError):
    """GitHub's answer to `ask` itself, and not to a token or an installation that had to be asked for first."""

    def __init__(self, text: str, status: int, ask: Ask) -> None:
        super().__init__(text, status)
        self.ask = ask


def refusal(ask: Ask, actor: str, status: int, message: str) -> RefusedError:
    """The error for an answer of 400 or more; `actor` is who asked: `the App`, `the App's key` or `the token`."""
    text = f"Could not {ask.what}: GitHub answered {status} ({message}). {_hint(ask, actor, status)}"
    return RefusedError(text.strip(), status, ask)


def silence(ask: Ask, message: str, *, sent: bool) -> GitHubError:
    """The error for a request without an answer; `sent` is false when GitHub cannot have seen it."""
    return GitHubError(f"Could not {ask.what}: {message}. {_maybe_done(ask) if sent else ''}".strip())


def _hint(ask: Ask, actor: str, status: int) -> str:
    where = f" on {ask.repo}" if ask.repo else ""
    match status:
        case 401 if actor == "the App's key":
            return "Check the App's ID, its private key and this machine's clock; `devflow doctor` does."
        case 401:
            return f"Check {actor}: it is wrong, expired or revoked."
        case 403:
            return f"{_upper(actor)} needs `{ask.needs}`{where}{_in_workflow(ask.needs, actor)}."
        case 404:
            return f"It does not exist, or {actor} cannot see it: that needs `{ask.needs}`{where}."
        case _ if status >= 500:
            return _maybe_done(ask)
        case _:
            return ""


def _in_workflow(needs: str, actor: str) -> str:
    """How a workflow file grants the permission to its GITHUB_TOKEN."""
    if actor != "the token":
        return ""
    grant = needs.partition(" and ")[0].lower().replace("pull requests", "pull-requests")
    return f" (in a workflow, `{grant}` under `permissions`)"


def _maybe_done(ask: Ask) -> str:
    return "" if ask.repeatable else "It may have been done all the same."


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def one_line(text: str, limit: int = 500) -> str:
    """Somebody else's text, fit to stand inside a sentence of ours: one line, at most `limit` characters."""
    return re.sub(r"\s+", " ", text).strip().rstrip(".")[:limit]
