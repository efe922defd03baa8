"""What is said about a repository that is not on GitHub: issues, comments and finished branches, in one file."""

import os
from dataclasses import field
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from bot.core.repository import Comment, Issue, PullRequest
from bot.ports import GitHubError


@dataclass
class Talk:
    """All of it; a comment stands under its issue's number."""

    issues: list[Issue] = field(default_factory=list)
    comments: list[tuple[int, Comment]] = field(default_factory=list)
    pulls: list[PullRequest] = field(default_factory=list)

    @property
    def next_number(self) -> int:
        """Issues and pull requests are counted together, as on GitHub."""
        return 1 + max([0, *(issue.number for issue in self.issues), *(pull.number for pull in self.pulls)])

    def issue(self, number: int) -> Issue:
        """Also a pull request's, as on GitHub. Raises `GitHubError` 404."""
        pulls = [Issue(p.number, p.title, p.body, p.author, p.state, "", is_pull=True) for p in self.pulls]
        for issue in (*self.issues, *pulls):
            if issue.number == number:
                return issue
        raise GitHubError(f"There is no issue {number} here.", 404)

    def pull(self, number: int) -> PullRequest:
        """Raises `GitHubError` 404."""
        for pull in self.pulls:
            if pull.number == number:
                return pull
        raise GitHubError(f"There is no finished branch {number} here.", 404)

    def say(self, number: int, author: str, body: str, at: datetime, *, by_bot: bool) -> Comment:
        """Add a comment, the newest."""
        comment = Comment(1 + len(self.comments), author, body, "", at, author_is_bot=by_bot)
        self.comments.append((number, comment))
        return comment


_TALK = TypeAdapter(Talk)


class TalkFile:
    """Reads the file once, and writes it whole at every change: another process may read it at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.talk = self._read()

    def _read(self) -> Talk:
        try:
            return _TALK.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return Talk()
        except ValidationError as error:
            raise GitHubError(
                f"{self._path} is not what Devflow wrote. Move it away to begin anew; runs and memories stay."
            ) from error

    def save(self) -> None:
        """On disk when this returns."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(_TALK.dump_json(self.talk))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)
