"""`ports.GitHub` for a repository that is on no GitHub: commits and branches are real, the talk is kept in a file.

Whoever sits at the terminal is its only person and may do everything. What exists on GitHub alone (reviews, labels,
teams) is empty here, or refused in a sentence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from bot.adapters.local.commits import Commits
from bot.adapters.local.talk import Talk, TalkFile
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
from bot.ports import Clock, GitHubError

ME = "devflow"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def repository_name(root: Path) -> Repo:
    """The name of a checkout's folder, as GitHub would allow it."""
    return Repo("local", _UNFIT.sub("-", root.name).strip("-.") or "repository")


class LocalHost:
    """One repository: `git_dir` is its common git directory, `branch` what stands for its default branch."""

    def __init__(
        self, repo: Repo, git_dir: Path, branch: str, state: Path, clock: Clock, who: Mapping[str, str]
    ) -> None:
        self._info = RepositoryInfo(repo, branch, private=True, clone_url=str(git_dir), html_url="")
        self._commits = Commits(git_dir, who)
        self._file = TalkFile(state / "talk.json")
        self._clock = clock

    @property
    def talk(self) -> Talk:
        """What was said so far."""
        return self._file.talk

    def open_issue(self, title: str, body: str, by: str) -> Issue:
        """Keep a wish; what is said about it stands under its number."""
        issue = Issue(self.talk.next_number, title, body, by, "open", "")
        self.talk.issues.append(issue)
        self._file.save()
        return issue

    def say(self, number: int, by: str, text: str) -> Comment:
        """Keep what a person says about an issue."""
        comment = self.talk.say(number, by, text, self._clock.now(), by_bot=False)
        self._file.save()
        return comment

    # Conversations

    async def me(self) -> str:
        return ME

    async def repository(self, repo: Repo) -> RepositoryInfo:
        return self._info

    async def permission(self, repo: Repo, login: str) -> Permission:
        return "admin"

    async def issue(self, repo: Repo, number: int) -> Issue:
        issue = self.talk.issue(number)
        return replace(issue, state=(await self.pull(repo, number)).state) if issue.is_pull else issue

    async def comment(self, repo: Repo, comment_id: int) -> Comment | None:
        return next((comment for _, comment in self.talk.comments if comment.id == comment_id), None)

    async def find_comment(self, repo: Repo, number: int, mark: str) -> Comment | None:
        ours = (comment for on, comment in self.talk.comments if on == number and comment.author == ME)
        return next((comment for comment in ours if mark in comment.body), None)

    async def comments_since(self, repo: Repo, number: int, since: datetime) -> list[Comment]:
        return [comment for on, comment in self.talk.comments if on == number and comment.created_at >= since]

    async def create_comment(self, repo: Repo, number: int, body: str) -> Comment:
        comment = self.talk.say(number, ME, body, self._clock.now(), by_bot=True)
        self._file.save()
        return comment

    async def edit_comment(self, repo: Repo, comment_id: int, body: str) -> None:
        for index, (number, comment) in enumerate(self.talk.comments):
            if comment.id == comment_id:
                self.talk.comments[index] = (number, replace(comment, body=body))
                self._file.save()
                return
        raise GitHubError(f"There is no comment {comment_id} here.", 404)

    async def react(self, repo: Repo, comment_id: int, content: Reaction) -> None:
        """Whoever sits before the terminal sees what happens."""

    async def unreact(self, repo: Repo, comment_id: int, content: Reaction) -> None: ...

    async def branch_head(self, repo: Repo, branch: str) -> Sha | None:
        return await self._commits.head(branch)

    async def file(self, repo: Repo, path: str, ref: Sha | None = None, *, most: int) -> FoundFile | None:
        commit = ref or await self._commits.head(self._info.default_branch)
        return await self._commits.file(commit, path, most) if commit else None

    async def commit(self, repo: Repo, sha: Sha) -> RemoteCommit:
        return await self._commits.commit(sha)

    async def merge_base(self, repo: Repo, base: Sha, head: Sha) -> Sha | None:
        return await self._commits.merge_base(base, head)

    async def create_commits(self, repo: Repo, parent: Sha, commits: Sequence[CommitDraft]) -> Sha:
        return await self._commits.create(parent, commits)

    async def create_branch(self, repo: Repo, branch: str, sha: Sha) -> None:
        await self._commits.move(branch, sha, None)

    async def find_pull(self, repo: Repo, branch: str) -> PullRequest | None:
        found = next((pull for pull in self.talk.pulls[::-1] if pull.head == branch), None)
        return await self._now(found) if found else None

    async def open_pull(self, repo: Repo, draft: PullDraft) -> PullRequest:
        head, base = await self._commits.head(draft.head), await self._commits.head(draft.base)
        if head is None or base is None:
            raise GitHubError(f"There is no branch `{draft.head if head is None else draft.base}` here.", 422)
        number = self.talk.next_number
        made = PullRequest(
            number, draft.title, draft.body, draft.head, head, draft.base, "open", draft.draft, "", author=ME,
            head_repo=repo, base_sha=base, mergeable="clean",
        )  # fmt: skip
        self.talk.pulls.append(made)
        self._file.save()
        return made

    async def aclose(self) -> None:
        """Nothing is open."""

    async def git_credentials(self, repo: Repo) -> tuple[str, str]:
        return self._info.clone_url, ""

    # Pull requests: a branch that is ready, with its text

    async def _now(self, pull: PullRequest) -> PullRequest:
        """Merged if the base has its commits, closed if its branch was deleted without that."""
        head, base = await self._commits.head(pull.head), await self._commits.head(pull.base)
        sha = head or pull.head_sha
        merged = base is not None and await self._commits.merge_base(base, sha) == sha
        state: Literal["open", "closed"] = "open" if head and not merged else "closed"
        return replace(pull, head_sha=sha, state=state, merged=merged, merge_sha=base if merged else None)

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        return await self._now(self.talk.pull(number))

    async def mergeable(self, repo: Repo, number: int) -> Mergeable:
        return self.talk.pull(number).mergeable

    async def pull_files(self, repo: Repo, number: int) -> list[PullFile]:
        raise _only_there("pull requests' diffs")

    async def update_pull(
        self, repo: Repo, number: int, *, title: str | None = None, body: str | None = None, draft: bool | None = None
    ) -> None:
        old = self.talk.pull(number)
        changed = replace(
            old,
            title=old.title if title is None else title,
            body=old.body if body is None else body,
            draft=old.draft if draft is None else draft,
        )
        self.talk.pulls[self.talk.pulls.index(old)] = changed
        self._file.save()

    async def update_branch(self, repo: Repo, branch: str, sha: Sha, expected: Sha) -> None:
        await self._commits.move(branch, sha, expected)

    # What only GitHub has

    async def reviews(self, repo: Repo, number: int) -> list[Review]:
        return []

    async def find_review(self, repo: Repo, number: int, mark: str) -> Review | None:
        return None

    async def create_review(self, repo: Repo, number: int, draft: ReviewDraft) -> Review:
        raise _only_there("reviews")

    async def review_comments(self, repo: Repo, number: int) -> list[ReviewComment]:
        return []

    async def find_review_comment(self, repo: Repo, number: int, mark: str) -> ReviewComment | None:
        return None

    async def review_threads(self, repo: Repo, number: int) -> list[ReviewThread]:
        return []

    async def reply_to_review_comment(self, repo: Repo, number: int, comment_id: int, body: str) -> ReviewComment:
        raise _only_there("review threads")

    async def resolve_thread(self, repo: Repo, thread_id: str) -> None:
        raise _only_there("review threads")

    async def checks(self, repo: Repo, sha: Sha) -> list[Check]:
        return []

    async def ensure_label(self, repo: Repo, name: str, color: str, description: str = "") -> None: ...

    async def add_labels(self, repo: Repo, number: int, names: Sequence[str]) -> None: ...

    async def remove_label(self, repo: Repo, number: int, name: str) -> None: ...

    async def find_issue(self, repo: Repo, mark: str, since: datetime) -> Issue | None:
        return next((issue for issue in self.talk.issues if issue.author == ME and mark in issue.body), None)

    async def create_issue(self, repo: Repo, draft: IssueDraft) -> Issue:
        return self.open_issue(draft.title, draft.body, ME)

    async def add_sub_issue(self, repo: Repo, number: int, child: int) -> None: ...

    async def is_team_member(self, repo: Repo, team: str, login: str) -> bool:
        return False


def _only_there(what: str) -> GitHubError:
    return GitHubError(f"This repository is worked on without GitHub: there are no {what}.", 404)
