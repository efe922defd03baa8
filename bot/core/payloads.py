"""Webhook payloads as GitHub publishes them: only the parts we read, each checked."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from bot.core.repository import Conclusion, DiffSide, Issue, PullRequest, Repo, ReviewState, Sha

GHOST = "ghost"
"""GitHub's name for accounts that are gone."""


def _storable(text: str) -> str:
    """PostgreSQL stores neither NUL nor half a surrogate pair; JSON may carry both."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(_storable)]
Id = Annotated[int, Field(strict=True, gt=0)]
CommitName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}(?:[0-9a-f]{24})?\z")]
_FullName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/\.{0,5}[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}\z")
]


class Part(BaseModel):
    """A part of a payload; fields we do not name are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class User(Part):
    login: Name
    type: str = "User"

    @property
    def is_bot(self) -> bool:
        return self.type == "Bot"


class Label(Part):
    name: Name


class Repository(Part):
    full_name: _FullName


class Installation(Part):
    id: Id


class Before(Part):
    before: Text = Field("", alias="from")


class Changes(Part):
    title: Before | None = None
    body: Before | None = None


class Payload(Part):
    """What all payloads about a repository share."""

    repository: Repository
    sender: User
    installation: Installation | None = None

    @property
    def repo(self) -> Repo:
        return Repo.parse(self.repository.full_name)

    @property
    def installation_id(self) -> int | None:
        return self.installation.id if self.installation else None


class IssuePart(Part):
    number: Id
    title: Text
    body: Text | None = None
    state: Literal["open", "closed"]
    html_url: Text
    user: User | None = None
    labels: list[Label] = []
    pull_request: dict[str, object] | None = None
    updated_at: AwareDatetime
    closed_at: AwareDatetime | None = None

    def core(self) -> Issue:
        return Issue(
            number=self.number,
            title=self.title,
            body=self.body or "",
            author=self.user.login if self.user else GHOST,
            state=self.state,
            html_url=self.html_url,
            is_pull=self.pull_request is not None,
            labels=tuple(label.name for label in self.labels),
        )


class Comment(Part):
    id: Id
    body: Text
    html_url: Text
    user: User | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    performed_via_github_app: dict[str, object] | None = None


class CommentPayload(Payload):
    issue: IssuePart
    comment: Comment


class CommentEditPayload(CommentPayload):
    changes: Changes


class IssuePayload(Payload):
    issue: IssuePart
    label: Label | None = None

    def subject(self) -> tuple[Issue, datetime]:
        """What it is about, and when."""
        return self.issue.core(), self.issue.updated_at


class IssueEditPayload(IssuePayload):
    changes: Changes


class Side(Part):
    ref: Name
    sha: Name
    repo: Repository | None = None


class PullEnds(Part):
    """What a pull request still has when it is closed, whatever else is gone."""

    number: Id
    body: Text | None = None
    merged: bool = False
    merge_commit_sha: Name | None = None
    head: Side
    base: Side
    closed_at: AwareDatetime | None = None

    @property
    def head_repo(self) -> Repo | None:
        return Repo.parse(self.head.repo.full_name) if self.head.repo else None


class PullPart(PullEnds):
    title: Text
    state: Literal["open", "closed"]
    draft: bool = False
    html_url: Text
    user: User | None = None
    labels: list[Label] = []
    updated_at: AwareDatetime
    node_id: Text = ""

    def core(self) -> PullRequest:
        return PullRequest(
            number=self.number,
            title=self.title,
            body=self.body or "",
            head=self.head.ref,
            head_sha=Sha(self.head.sha),
            base=self.base.ref,
            state=self.state,
            draft=self.draft,
            html_url=self.html_url,
            author=self.user.login if self.user else GHOST,
            head_repo=self.head_repo,
            base_sha=Sha(self.base.sha),
            merged=self.merged,
            # While it is open, GitHub has a trial merge there.
            merge_sha=Sha(self.merge_commit_sha) if self.merged and self.merge_commit_sha else None,
            node_id=self.node_id,
        )

    def issue(self) -> Issue:
        """Its conversation."""
        pull = self.core()
        names = tuple(label.name for label in self.labels)
        return Issue(
            pull.number, pull.title, pull.body, pull.author, pull.state, pull.html_url, is_pull=True, labels=names
        )


class ClosedPullPayload(Payload):
    pull_request: PullEnds


class PullPayload(Payload):
    pull_request: PullPart
    label: Label | None = None

    def subject(self) -> tuple[Issue, datetime]:
        """As `IssuePayload` has it."""
        return self.pull_request.issue(), self.pull_request.updated_at


class PullMovePayload(PullPayload):
    before: CommitName


class Review(Part):
    id: Id
    user: User | None = None
    body: Text | None = None
    commit_id: CommitName | None = None
    submitted_at: AwareDatetime
    state: ReviewState
    html_url: Text


class ReviewPayload(PullPayload):
    review: Review


class ReviewComment(Part):
    id: Id
    pull_request_review_id: Id | None = None
    in_reply_to_id: Id | None = None
    path: Text
    line: Id | None = None
    side: DiffSide = "RIGHT"
    body: Text
    html_url: Text
    user: User | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime


class ReviewCommentPayload(PullPayload):
    comment: ReviewComment
    changes: Changes | None = None


class Numbered(Part):
    number: Id


class App(Part):
    slug: Text = ""
    name: Text = ""


class CheckSuite(Part):
    head_sha: CommitName
    head_branch: Name | None = None
    conclusion: Conclusion | None = None
    updated_at: AwareDatetime
    app: App | None = None
    pull_requests: list[Numbered] = []


class CheckSuitePayload(Payload):
    check_suite: CheckSuite


class SuiteOfRun(Part):
    head_branch: Name | None = None


class CheckRun(Part):
    name: Name
    head_sha: CommitName
    conclusion: Conclusion | None = None
    completed_at: AwareDatetime | None = None
    check_suite: SuiteOfRun = SuiteOfRun()
    pull_requests: list[Numbered] = []


class CheckRunPayload(Payload):
    check_run: CheckRun


class Branch(Part):
    name: Name


class StatusPayload(Payload):
    sha: CommitName
    context: Name
    state: Literal["success", "failure", "error", "pending"]
    branches: list[Branch] = []
    updated_at: AwareDatetime
