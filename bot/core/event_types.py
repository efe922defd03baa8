"""What can happen on GitHub that we act on. Each event tells who did it, whether that is a bot, and when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.repository import Comment, Conclusion, DiffSide, Issue, PullRequest, Repo, ReviewState, Sha


class EventError(ValueError):
    """A payload that is not what GitHub publishes; the text names the field."""


@dataclass(frozen=True, slots=True)
class CommentPosted:
    """A comment was written or edited. `issue` is as it stood then; `previous_text` is None for a new comment.

    `author` is who acted: for an edit its editor, whose words the new ones are.
    """

    repo: Repo
    issue: Issue
    comment_id: int
    comment_url: str
    author: str
    author_is_bot: bool
    text: str
    previous_text: str | None
    at: datetime
    installation_id: int | None
    writer: str = ""
    """Whose comment it is; an edit may be somebody else's."""
    actor_is_bot: bool = False
    """Whether a bot acted now, whoever wrote the comment first."""

    @classmethod
    def by_person(cls, repo: Repo, issue: Issue, comment: Comment) -> "CommentPosted":
        """A new comment of a person that came by no webhook."""
        return cls(
            repo=repo,
            issue=issue,
            comment_id=comment.id,
            comment_url=comment.html_url,
            author=comment.author,
            author_is_bot=False,
            text=comment.body,
            previous_text=None,
            at=comment.created_at,
            installation_id=None,
            writer=comment.author,
        )


@dataclass(frozen=True, slots=True)
class IssueLabeled:
    """Somebody set a label on an issue or a pull request."""

    repo: Repo
    issue: Issue
    label: str
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class IssueUnlabeled:
    """Somebody took a label from an issue or a pull request."""

    repo: Repo
    issue: Issue
    label: str
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class IssueClosed:
    """Somebody closed an issue."""

    repo: Repo
    issue: Issue
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class IssueReopened:
    """Somebody opened a closed issue again."""

    repo: Repo
    issue: Issue
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class IssueEdited:
    """Somebody changed an issue's title or text; what was not changed has no earlier value."""

    repo: Repo
    issue: Issue
    previous_title: str | None
    previous_body: str | None
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class PullOpened:
    """A pull request was opened, or opened again after it was closed."""

    repo: Repo
    pull: PullRequest
    reopened: bool
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class PullUpdated:
    """The head branch of a pull request moved from the commit `before` to the one `pull` names."""

    repo: Repo
    pull: PullRequest
    before: Sha
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class PullClosed:
    """A pull request was merged or closed. `head_repo` is None if the fork it came from is gone."""

    repo: Repo
    number: int
    merged: bool
    head: str
    head_sha: str
    head_repo: Repo | None
    base: str
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None
    merge_sha: str | None = None
    """The commit that brought it into the base, None if it was closed without that."""
    reverts: int = 0
    """The pull request that it took back with its merge; 0 for none."""


@dataclass(frozen=True, slots=True)
class ReviewSubmitted:
    """Somebody reviewed a pull request. GitHub wraps each lone inline comment in a review without a body, too."""

    repo: Repo
    pull: PullRequest
    review_id: int
    state: ReviewState
    body: str
    commit: Sha
    """What was reviewed, which need not be the head any more."""
    url: str
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class ReviewCommentPosted:
    """A comment on a line (of a file, if `line` is None) of a pull request was written or edited.

    `in_reply_to` is the first comment of its thread; `previous_text` is None for a new comment.
    """

    repo: Repo
    pull: PullRequest
    comment_id: int
    review_id: int | None
    in_reply_to: int | None
    path: str
    line: int | None
    side: DiffSide
    text: str
    previous_text: str | None
    url: str
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class ChecksFinished:
    """A check run, all check runs of one App, or a commit status came to its end on a commit.

    `pulls` are the open pull requests of the repository itself with that head, as far as GitHub names them.
    """

    repo: Repo
    sha: Sha
    branch: str | None
    name: str
    conclusion: Conclusion
    source: Literal["check_run", "check_suite", "status"]
    pulls: tuple[int, ...]
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


Event = (
    CommentPosted
    | IssueLabeled
    | IssueUnlabeled
    | IssueClosed
    | IssueReopened
    | IssueEdited
    | PullOpened
    | PullUpdated
    | PullClosed
    | ReviewSubmitted
    | ReviewCommentPosted
    | ChecksFinished
)
