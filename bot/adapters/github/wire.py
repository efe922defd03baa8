"""The parts of GitHub's answers that we read. githubkit's own models want every field, which not all servers send."""

from datetime import datetime
from typing import Literal, TypeVar

import httpx
from pydantic import BaseModel, RootModel, SecretStr, ValidationError

from bot.adapters.github.asks import Ask
from bot.core.repository import Comment, Issue, Mergeable, PullRequest, RemoteCommit, Repo, RepositoryInfo, Sha
from bot.ports import GitHubError

GHOST = "ghost"
"""GitHub's name for accounts that are gone."""


class Wire(BaseModel):
    """Something GitHub sent; fields we do not name are ignored."""


class User(Wire):
    login: str
    type: str = "User"


class App(Wire):
    slug: str


class Installation(Wire):
    id: int


class Token(Wire):
    token: SecretStr
    expires_at: datetime


class Repository(Wire):
    full_name: str
    default_branch: str
    private: bool
    clone_url: str
    html_url: str

    def core(self) -> RepositoryInfo:
        repo = Repo.parse(self.full_name)
        return RepositoryInfo(repo, self.default_branch, self.private, self.clone_url, self.html_url)


class Collaborator(Wire):
    permission: str
    role_name: str = ""


class Label(Wire):
    name: str | None = None


class IssueWire(Wire):
    number: int
    title: str
    body: str | None = None
    user: User | None = None
    state: Literal["open", "closed"]
    html_url: str
    pull_request: Wire | None = None
    labels: list[Label | str] = []

    def core(self) -> Issue:
        names = [label if isinstance(label, str) else label.name for label in self.labels]
        return Issue(
            self.number,
            self.title,
            self.body or "",
            _login(self.user),
            self.state,
            self.html_url,
            is_pull=self.pull_request is not None,
            labels=tuple(name for name in names if name),
        )


class _ViewerUser(Wire):
    viewer: User


class Viewer(Wire):
    """Whose token it is, as GraphQL says."""

    data: _ViewerUser


class CommentWire(Wire):
    id: int
    body: str | None = None
    user: User | None = None
    html_url: str
    created_at: datetime
    updated_at: datetime | None = None

    def core(self) -> Comment:
        bot = self.user is not None and self.user.type == "Bot"
        edited = self.updated_at not in (None, self.created_at)
        return Comment(self.id, _login(self.user), self.body or "", self.html_url, self.created_at, bot, edited)


class Comments(RootModel[list[CommentWire]]):
    """A page of comments."""


class ReactionWire(Wire):
    id: int
    user: User | None = None
    content: str


class Reactions(RootModel[list[ReactionWire]]):
    """A page of reactions."""


class ObjectWire(Wire):
    sha: str


class RefWire(Wire):
    object: ObjectWire


class Verification(Wire):
    verified: bool = False


class CommitWire(Wire):
    sha: str
    tree: ObjectWire
    parents: list[ObjectWire]
    message: str
    verification: Verification | None = None

    def core(self) -> RemoteCommit:
        return RemoteCommit(
            Sha(self.sha),
            Sha(self.tree.sha),
            tuple(Sha(parent.sha) for parent in self.parents),
            self.message,
            verified=self.verification is not None and self.verification.verified,
        )


class Comparison(Wire):
    merge_base_commit: ObjectWire


class HeadRepository(Wire):
    full_name: str


class Side(Wire):
    ref: str
    sha: str
    repo: HeadRepository | None = None


class PullWire(Wire):
    number: int
    title: str
    body: str | None = None
    head: Side
    base: Side
    state: Literal["open", "closed"]
    draft: bool = False
    html_url: str
    user: User | None = None
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None
    mergeable: bool | None = None
    mergeable_state: str = "unknown"
    node_id: str = ""

    def core(self) -> PullRequest:
        """While it is open, GitHub's `merge_commit_sha` is a trial."""
        merged = self.merged_at is not None
        return PullRequest(
            self.number,
            self.title,
            self.body or "",
            self.head.ref,
            Sha(self.head.sha),
            self.base.ref,
            self.state,
            self.draft,
            self.html_url,
            author=_login(self.user),
            head_repo=Repo.parse(self.head.repo.full_name) if self.head.repo else None,
            base_sha=Sha(self.base.sha),
            merged=merged,
            merge_sha=Sha(self.merge_commit_sha) if merged and self.merge_commit_sha else None,
            mergeable=self._mergeable(),
            node_id=self.node_id,
        )

    def _mergeable(self) -> Mergeable:
        """`mergeable` is about conflicts only, and null until computed; `mergeable_state` tells the rest."""
        if self.mergeable is None or self.state == "closed":
            return "unknown"
        if not self.mergeable:
            return "dirty"
        return next((state for state in _BESIDES if state == self.mergeable_state), "clean")


class Pulls(RootModel[list[PullWire]]):
    """A page of pull requests."""


_BESIDES: tuple[Mergeable, ...] = ("draft", "unstable", "blocked", "behind")

P = TypeVar("P", bound=BaseModel)


def parse(model: type[P], response: httpx.Response, ask: Ask) -> P:
    """Read an answer. Raises `GitHubError` naming the fields that are not as they should be, never their values."""
    try:
        return model.model_validate_json(response.content)
    except ValidationError as error:
        where = sorted({".".join(map(str, e["loc"])) or "the whole" for e in error.errors(include_input=False)})
        text = f"Could not {ask.what}: GitHub's answer is not as expected at {', '.join(where[:5])}."
        raise GitHubError(text, response.status_code) from None


def _login(user: User | None) -> str:
    return user.login if user else GHOST
