"""What we know of a repository on GitHub: issues, comments, commits, pull requests."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NewType

Sha = NewType("Sha", str)
"""Forty hex digits naming a git object."""
NO_SHA = Sha("")
"""Of nothing."""

Permission = Literal["none", "read", "triage", "write", "maintain", "admin"]
PERMISSIONS: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")
"""From the least to the most."""

Mergeable = Literal["unknown", "clean", "dirty", "draft", "unstable", "blocked", "behind"]
"""Whether a pull request can be merged: `unknown` while GitHub computes it, `dirty` with conflicts, `unstable` with
checks that fail."""
ReviewState = Literal["approved", "changes_requested", "commented", "dismissed", "pending"]
DiffSide = Literal["LEFT", "RIGHT"]
"""The side of a diff that a line is on: LEFT the old file, RIGHT the new one."""
Conclusion = Literal[
    "success",
    "failure",
    "neutral",
    "cancelled",
    "skipped",
    "timed_out",
    "action_required",
    "stale",
    "startup_failure",
]
"""How a check ended."""

Reaction = Literal["eyes", "rocket", "confused"]


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository's full name; `str(repo)` is `owner/name`."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @classmethod
    def parse(cls, full_name: str) -> "Repo":
        owner, _, name = full_name.partition("/")
        if not owner or not name or "/" in name:
            raise ValueError(f"{full_name!r} is not owner/name")
        return cls(owner, name)


@dataclass(frozen=True, slots=True)
class RepositoryInfo:
    """What GitHub says of the repository itself."""

    repo: Repo
    default_branch: str
    private: bool
    clone_url: str
    html_url: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue or a pull request's conversation, as it stood when it was read."""

    number: int
    title: str
    body: str
    author: str
    state: Literal["open", "closed"]
    html_url: str
    is_pull: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """An issue to be opened. Its body carries the mark it is found by."""

    title: str
    body: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or pull request."""

    id: int
    author: str
    body: str
    html_url: str
    created_at: datetime
    author_is_bot: bool = False
    edited: bool = False


@dataclass(frozen=True, slots=True)
class FileChange:
    """One path of a commit, written against its parent; `content is None` deletes it."""

    path: str
    content: bytes | None
    mode: Literal["100644", "100755", "120000"] = "100644"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a commit; `content` is None where it was not read, and `problem` says why in a few words."""

    path: str
    content: bytes | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CommitDraft:
    """A commit to be made: its message, its changes against the previous one, and the tree they must end in.

    A merge has a second parent, `merged`; its changes are then written against that one, where they are few.
    """

    message: str
    changes: tuple[FileChange, ...]
    tree: Sha
    merged: Sha | None = None


@dataclass(frozen=True, slots=True)
class PullDraft:
    """A pull request to be opened."""

    title: str
    body: str
    head: str
    base: str
    draft: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as GitHub has it."""

    number: int
    title: str
    body: str
    head: str
    head_sha: Sha
    base: str
    state: Literal["open", "closed"]
    draft: bool
    html_url: str
    author: str = "ghost"
    head_repo: Repo | None = None
    """Where its branch lives; None if that fork is gone."""
    base_sha: Sha = Sha("")
    merged: bool = False
    merge_sha: Sha | None = None
    """The commit that merged it, None before that."""
    mergeable: Mergeable = "unknown"
    node_id: str = ""
    """Its name in GraphQL."""


@dataclass(frozen=True, slots=True)
class RemoteCommit:
    """A commit as GitHub has it; `verified` says whether GitHub vouches for its signature."""

    sha: Sha
    tree: Sha
    parents: tuple[Sha, ...]
    message: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook delivery, as it arrived; `body` is the raw payload."""

    id: str
    event: str
    body: bytes = field(repr=False)
