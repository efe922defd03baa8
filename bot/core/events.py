"""Webhook payloads as our own events: only what we act on, checked, and nothing of GitHub's shape past here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from bot.core.repository import Issue, Repo


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


@dataclass(frozen=True, slots=True)
class IssueLabeled:
    """Somebody set a label on an issue."""

    repo: Repo
    issue: Issue
    label: str
    author: str
    author_is_bot: bool
    at: datetime
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class IssueUnlabeled:
    """Somebody took a label from an issue."""

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


Event = CommentPosted | IssueLabeled | IssueUnlabeled | IssueClosed | PullClosed


def event_from_payload(event_name: str, payload: Mapping[str, object]) -> Event | None:
    """The event in a delivery (`X-GitHub-Event` and the parsed body), None if it is nothing we act on.

    Deleted comments and edits that left the text alone are nothing. Raises `EventError` for a malformed payload.
    """
    readers = _READERS.get(event_name)
    if readers is None:
        return None
    if not isinstance(payload, Mapping):
        raise EventError("payload: not a JSON object")
    action = payload.get("action")
    if not isinstance(action, str):
        raise EventError("action: missing, or not a string")
    reader = readers.get(action)
    if reader is None:
        return None
    try:
        return reader(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise EventError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _storable(text: str) -> str:
    """PostgreSQL stores neither NUL nor half a surrogate pair; JSON may carry both."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


_Text = Annotated[str, AfterValidator(_storable)]
_Name = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_storable)]
_Id = Annotated[int, Field(strict=True, gt=0)]
_FullName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/\.{0,5}[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\z")
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _User(_Part):
    login: _Name
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot"


class _Label(_Part):
    name: _Name


class _Issue(_Part):
    number: _Id
    title: _Text
    body: _Text | None = None
    state: Literal["open", "closed"]
    html_url: _Text
    user: _User | None = None
    labels: list[_Label] = []
    pull_request: dict[str, object] | None = None
    updated_at: AwareDatetime
    closed_at: AwareDatetime | None = None


class _Comment(_Part):
    id: _Id
    body: _Text
    html_url: _Text
    user: _User | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    performed_via_github_app: dict[str, object] | None = None


class _Repository(_Part):
    full_name: _FullName


class _Ref(_Part):
    ref: _Name
    sha: _Name
    repo: _Repository | None = None


class _Pull(_Part):
    number: _Id
    merged: bool
    head: _Ref
    base: _Ref
    closed_at: AwareDatetime


class _Installation(_Part):
    id: _Id


class _Before(_Part):
    before: _Text = Field("", alias="from")


class _Changes(_Part):
    body: _Before | None = None


class _Payload(_Part):
    repository: _Repository
    sender: _User
    installation: _Installation | None = None

    @property
    def repo(self) -> Repo:
        return Repo.parse(self.repository.full_name)

    @property
    def installation_id(self) -> int | None:
        return self.installation.id if self.installation else None


class _CommentPayload(_Payload):
    issue: _Issue
    comment: _Comment


class _EditPayload(_CommentPayload):
    changes: _Changes


class _IssuePayload(_Payload):
    issue: _Issue
    label: _Label | None = None


class _PullPayload(_Payload):
    pull_request: _Pull


def _comment_created(raw: Mapping[str, object]) -> CommentPosted:
    payload = _CommentPayload.model_validate(raw)
    return _comment(payload, payload.comment.user or payload.sender, None, payload.comment.created_at)


def _comment_edited(raw: Mapping[str, object]) -> CommentPosted | None:
    payload = _EditPayload.model_validate(raw)
    if payload.changes.body is None:
        return None
    return _comment(payload, payload.sender, payload.changes.body.before, payload.comment.updated_at)


def _comment(payload: _CommentPayload, author: _User, previous_text: str | None, at: datetime) -> CommentPosted:
    comment = payload.comment
    users = [user for user in (author, payload.sender, comment.user) if user]
    return CommentPosted(
        repo=payload.repo,
        issue=_issue(payload.issue),
        comment_id=comment.id,
        comment_url=comment.html_url,
        author=author.login,
        author_is_bot=any(user.is_bot for user in users) or comment.performed_via_github_app is not None,
        text=comment.body,
        previous_text=previous_text,
        at=at,
        installation_id=payload.installation_id,
    )


_Labeling = TypeVar("_Labeling", IssueLabeled, IssueUnlabeled)


def _labeling(kind: type[_Labeling]) -> Callable[[Mapping[str, object]], _Labeling | None]:
    """Reads either; None if the label itself was deleted, which GitHub tells without naming it."""

    def read(raw: Mapping[str, object]) -> _Labeling | None:
        payload = _IssuePayload.model_validate(raw)
        if payload.label is None:
            return None
        return kind(
            repo=payload.repo,
            issue=_issue(payload.issue),
            label=payload.label.name,
            author=payload.sender.login,
            author_is_bot=payload.sender.is_bot,
            at=payload.issue.updated_at,
            installation_id=payload.installation_id,
        )

    return read


def _issue_closed(raw: Mapping[str, object]) -> IssueClosed:
    payload = _IssuePayload.model_validate(raw)
    at = payload.issue.closed_at or payload.issue.updated_at
    sender = payload.sender
    return IssueClosed(payload.repo, _issue(payload.issue), sender.login, sender.is_bot, at, payload.installation_id)


def _pull_closed(raw: Mapping[str, object]) -> PullClosed:
    payload = _PullPayload.model_validate(raw)
    pull = payload.pull_request
    return PullClosed(
        repo=payload.repo,
        number=pull.number,
        merged=pull.merged,
        head=pull.head.ref,
        head_sha=pull.head.sha,
        head_repo=Repo.parse(pull.head.repo.full_name) if pull.head.repo else None,
        base=pull.base.ref,
        author=payload.sender.login,
        author_is_bot=payload.sender.is_bot,
        at=pull.closed_at,
        installation_id=payload.installation_id,
    )


def _issue(issue: _Issue) -> Issue:
    return Issue(
        number=issue.number,
        title=issue.title,
        body=issue.body or "",
        author=issue.user.login if issue.user else "ghost",
        state=issue.state,
        html_url=issue.html_url,
        is_pull=issue.pull_request is not None,
        labels=tuple(label.name for label in issue.labels),
    )


_READERS: Mapping[str, Mapping[str, Callable[[Mapping[str, object]], Event | None]]] = {
    "issue_comment": {"created": _comment_created, "edited": _comment_edited},
    "issues": {
        "labeled": _labeling(IssueLabeled),
        "unlabeled": _labeling(IssueUnlabeled),
        "closed": _issue_closed,
    },
    "pull_request": {"closed": _pull_closed},
}
