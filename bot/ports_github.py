"""What the engine needs of GitHub, in parts; `ports.GitHub` is all of it.

Methods raise `ports.GitHubError`; reads are retried inside, creations never blindly: each has a way to find what an
earlier try may have made.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.core.repository import (
    Comment,
    CommitDraft,
    FoundFile,
    Issue,
    IssueDraft,
    Mergeable,
    Permission,
    PullDraft,
    PullRequest,
    Reaction,
    RemoteCommit,
    Repo,
    RepositoryInfo,
    Sha,
)
from bot.core.reviews import Check, PullFile, Review, ReviewComment, ReviewDraft, ReviewThread


class Conversations(Protocol):
    """Repositories, people, issues and comments, new commits and new pull requests."""

    async def me(self) -> str:
        """Our own login, as comments show it (`name[bot]` for an App)."""

    async def repository(self, repo: Repo) -> RepositoryInfo: ...

    async def permission(self, repo: Repo, login: str) -> Permission:
        """What this person may do, `none` for a stranger."""

    async def issue(self, repo: Repo, number: int) -> Issue: ...

    async def comment(self, repo: Repo, comment_id: int) -> Comment | None: ...

    async def find_comment(self, repo: Repo, number: int, mark: str) -> Comment | None:
        """Our own comment whose body carries the mark; looks through all pages, ignores other authors."""

    async def comments_since(self, repo: Repo, number: int, since: datetime) -> list[Comment]:
        """Comments that were written or edited at that moment or later, oldest first."""

    async def create_comment(self, repo: Repo, number: int, body: str) -> Comment: ...

    async def edit_comment(self, repo: Repo, comment_id: int, body: str) -> None: ...

    async def react(self, repo: Repo, comment_id: int, content: Reaction) -> None:
        """Put our reaction on a comment; once is enough, again does nothing."""

    async def unreact(self, repo: Repo, comment_id: int, content: Reaction) -> None:
        """Take our reaction back, if it is there."""

    async def branch_head(self, repo: Repo, branch: str) -> Sha | None: ...

    async def file(self, repo: Repo, path: str, ref: Sha | None = None, *, most: int) -> FoundFile | None:
        """A file as a commit has it (without one, as the default branch has it now), None if it is not there.

        A file of more than `most` bytes is named but not read.
        """

    async def commit(self, repo: Repo, sha: Sha) -> RemoteCommit: ...

    async def merge_base(self, repo: Repo, base: Sha, head: Sha) -> Sha | None:
        """The newest commit that both have, None if they have none; `head` may be of a fork's pull request."""

    async def create_commits(self, repo: Repo, parent: Sha, commits: Sequence[CommitDraft]) -> Sha:
        """Make blobs, trees and commits on top of `parent` and return the last commit; no ref points to it yet.

        Raises `GitHubError` if a tree that GitHub computed is not the tree the draft names.
        """

    async def create_branch(self, repo: Repo, branch: str, sha: Sha) -> None: ...

    async def find_pull(self, repo: Repo, branch: str) -> PullRequest | None:
        """The newest pull request from this branch of the same repository, open or closed."""

    async def open_pull(self, repo: Repo, draft: PullDraft) -> PullRequest: ...

    async def aclose(self) -> None:
        """Close the connections."""

    async def git_credentials(self, repo: Repo) -> tuple[str, str]:
        """(clone URL, token) for read access with git; the token is sent as a header, never put in a URL or file."""


class PullRequests(Protocol):
    """Pull requests, and the branches of our own they come from."""

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        """As it is now, with `mergeable` as far as GitHub has computed it."""

    async def mergeable(self, repo: Repo, number: int) -> Mergeable:
        """As `pull` says, but asks again for some seconds while GitHub computes it; `unknown` if that was too short."""

    async def pull_files(self, repo: Repo, number: int) -> list[PullFile]:
        """The changed files with their patches; GitHub lists no more than 3,000."""

    async def update_pull(
        self, repo: Repo, number: int, *, title: str | None = None, body: str | None = None, draft: bool | None = None
    ) -> None:
        """Change what is given. Doing it again changes nothing."""

    async def update_branch(self, repo: Repo, branch: str, sha: Sha, expected: Sha) -> None:
        """Move a branch forward from `expected` to `sha`, never by force; fine if it is there already.

        Raises `BranchMovedError` if it is at neither, or if `sha` does not follow from where it is.
        """


class Reviews(Protocol):
    """Reviews of pull requests and the threads on their lines."""

    async def reviews(self, repo: Repo, number: int) -> list[Review]:
        """Those submitted, oldest first."""

    async def find_review(self, repo: Repo, number: int, mark: str) -> Review | None:
        """Our own review whose body carries the mark."""

    async def create_review(self, repo: Repo, number: int, draft: ReviewDraft) -> Review:
        """One review with all its comments, or nothing. Look for its mark before trying again.

        Raises `LineOutsideDiffError` if a comment is on what is not in the diff.
        """

    async def review_comments(self, repo: Repo, number: int) -> list[ReviewComment]:
        """All comments on lines, oldest first."""

    async def find_review_comment(self, repo: Repo, number: int, mark: str) -> ReviewComment | None:
        """Our own comment on a line whose body carries the mark: a reply, for one."""

    async def review_threads(self, repo: Repo, number: int) -> list[ReviewThread]:
        """All threads with all their comments, and whether they are resolved."""

    async def reply_to_review_comment(self, repo: Repo, number: int, comment_id: int, body: str) -> ReviewComment:
        """Answer in a thread, which its first comment names. Look for the answer's mark before trying again."""

    async def resolve_thread(self, repo: Repo, thread_id: str) -> None:
        """Doing it again changes nothing. Raises `GitHubError` 404 if the thread is gone."""

    async def checks(self, repo: Repo, sha: Sha) -> list[Check]:
        """The newest check run and commit status of each name; those that failed have their annotations."""


class Triage(Protocol):
    """Labels, issues of our own, and who belongs to which team."""

    async def ensure_label(self, repo: Repo, name: str, color: str, description: str = "") -> None:
        """Make a label unless there is one of this name; `color` is six hex digits."""

    async def add_labels(self, repo: Repo, number: int, names: Sequence[str]) -> None:
        """Set labels on an issue or pull request; those already set stay."""

    async def remove_label(self, repo: Repo, number: int, name: str) -> None:
        """Fine if it is not set."""

    async def find_issue(self, repo: Repo, mark: str, since: datetime) -> Issue | None:
        """Our own issue whose body carries the mark, among those changed since that moment."""

    async def create_issue(self, repo: Repo, draft: IssueDraft) -> Issue:
        """Look for its mark before trying again."""

    async def add_sub_issue(self, repo: Repo, number: int, child: int) -> None:
        """Put issue `child` under issue `number`; fine if it is there already."""

    async def is_team_member(self, repo: Repo, team: str, login: str) -> bool:
        """Whether somebody is in a team (its slug) of the repository's organisation; no if there is no such team."""
