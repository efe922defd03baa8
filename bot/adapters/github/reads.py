"""Reading repositories, issues, comments, branches and pull requests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import httpx
from githubkit.utils import UNSET
from pydantic import RootModel

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask, RefusedError
from bot.adapters.github.caller import Caller
from bot.adapters.github.calls import Request
from bot.adapters.github.connection import Connection
from bot.adapters.github.paths import branch_path, is_branch, login_path, names, sha_path
from bot.core.repository import (
    PERMISSIONS,
    Comment,
    Issue,
    Permission,
    PullRequest,
    Reaction,
    RemoteCommit,
    Repo,
    RepositoryInfo,
    Sha,
)

PAGE = 100
Item = TypeVar("Item")


class Reads(Caller):
    """The reading half of `bot.ports.GitHub`."""

    async def repository(self, repo: Repo) -> RepositoryInfo:
        owner, name = names(repo)
        ask = Ask(f"read the repository {repo}", "Metadata: read", repo=repo)
        answer = await self._send(ask, lambda gh: gh.rest.repos.async_get(owner, name))
        return wire.parse(wire.Repository, answer, ask).core()

    async def permission(self, repo: Repo, login: str) -> Permission:
        """A custom role counts as the standard role it was made from, which is what GitHub calls `permission`."""
        owner, name = names(repo)
        person = login_path(login)
        ask = Ask(f"read what {login} may do in {repo}", "Metadata: read", repo=repo)
        answer = await self._or_none(
            ask, lambda gh: gh.rest.repos.async_get_collaborator_permission_level(owner, name, person)
        )
        if answer is None:
            return "none"
        found = wire.parse(wire.Collaborator, answer, ask)
        for role in (found.role_name, found.permission):
            if role in PERMISSIONS:
                return role
        return "none"

    async def issue(self, repo: Repo, number: int) -> Issue:
        owner, name = names(repo)
        ask = Ask(f"read {repo}#{number}", "Issues: read", repo=repo)
        answer = await self._send(ask, lambda gh: gh.rest.issues.async_get(owner, name, number))
        return wire.parse(wire.IssueWire, answer, ask).core()

    async def comment(self, repo: Repo, comment_id: int) -> Comment | None:
        owner, name = names(repo)
        ask = Ask(f"read comment {comment_id} in {repo}", "Issues: read", repo=repo)
        answer = await self._or_none(ask, lambda gh: gh.rest.issues.async_get_comment(owner, name, comment_id))
        return wire.parse(wire.CommentWire, answer, ask).core() if answer else None

    async def find_comment(self, repo: Repo, number: int, mark: str) -> Comment | None:
        """The oldest, should there be several."""
        me = await self.me()
        async for comment in self._comments(repo, number):
            if comment.author == me and mark in comment.body:
                return comment
        return None

    async def comments_since(self, repo: Repo, number: int, since: datetime) -> list[Comment]:
        return [comment async for comment in self._comments(repo, number, since)]

    async def branch_head(self, repo: Repo, branch: str) -> Sha | None:
        owner, name = names(repo)
        if not is_branch(branch):
            return None
        ask = Ask(f"read the branch {branch} of {repo}", "Contents: read", repo=repo)
        ref = f"heads/{branch_path(branch)}"
        # An empty repository answers 409.
        answer = await self._or_none(ask, lambda gh: gh.rest.git.async_get_ref(owner, name, ref), 404, 409)
        return Sha(wire.parse(wire.RefWire, answer, ask).object.sha) if answer else None

    async def commit(self, repo: Repo, sha: Sha) -> RemoteCommit:
        owner, name = names(repo)
        commit = sha_path(sha)
        ask = Ask(f"read the commit {sha[:12]} of {repo}", "Contents: read", repo=repo)
        answer = await self._send(ask, lambda gh: gh.rest.git.async_get_commit(owner, name, commit))
        return wire.parse(wire.CommitWire, answer, ask).core()

    async def merge_base(self, repo: Repo, base: Sha, head: Sha) -> Sha | None:
        """GitHub answers 404 where the two have no history in common."""
        owner, name = names(repo)
        ask = Ask(f"compare {head[:12]} with {base[:12]} in {repo}", "Contents: read", repo=repo)
        both = f"{sha_path(base)}...{sha_path(head)}"
        answer = await self._or_none(ask, lambda gh: gh.rest.repos.async_compare_commits(owner, name, both, per_page=1))
        return Sha(wire.parse(wire.Comparison, answer, ask).merge_base_commit.sha) if answer else None

    async def find_pull(self, repo: Repo, branch: str) -> PullRequest | None:
        """GitHub ignores a `head` it cannot read, and takes an owner's forks too: so the answer is looked through."""
        owner, name = names(repo)
        ask = Ask(f"look for a pull request from {branch} in {repo}", "Pull requests: read", repo=repo)
        answer = await self._send(
            ask,
            lambda gh: gh.rest.pulls.async_list(
                owner,
                name,
                state="all",
                head=f"{owner}:{branch}",
                sort="created",
                direction="desc",
                per_page=PAGE,
            ),
        )
        for pull in wire.parse(wire.Pulls, answer, ask).root:
            ours = pull.head.repo is not None and pull.head.repo.full_name.lower() == str(repo).lower()
            if ours and pull.head.ref == branch:
                return pull.core()
        return None

    async def _comments(self, repo: Repo, number: int, since: datetime | None = None) -> AsyncIterator[Comment]:
        """All comments, or those changed since then, oldest first, read page by page as they are wanted."""
        owner, name = names(repo)
        ask = Ask(f"read the comments of {repo}#{number}", "Issues: read", repo=repo)
        pages = self._pages(
            ask,
            wire.Comments,
            lambda page, gh: gh.rest.issues.async_list_comments(
                owner, name, number, per_page=PAGE, page=page, since=since or UNSET
            ),
        )
        async for comment in pages:
            yield comment.core()

    async def _own_reactions(self, repo: Repo, comment_id: int, content: Reaction) -> list[int]:
        """Ids of our reactions of this kind: one, or none, as when the comment is gone."""
        owner, name = names(repo)
        me = await self.me()
        ask = Ask(f"read the reactions to comment {comment_id} in {repo}", "Issues: read", repo=repo)
        pages = self._pages(
            ask,
            wire.Reactions,
            lambda page, gh: gh.rest.reactions.async_list_for_issue_comment(
                owner, name, comment_id, content=content, per_page=PAGE, page=page
            ),
        )
        try:
            return [r.id async for r in pages if r.user and r.user.login == me and r.content == content]
        except RefusedError as error:
            if error.ask is ask and error.status == 404:
                return []
            raise

    async def _pages(
        self, ask: Ask, model: type[RootModel[list[Item]]], request: Callable[[int, Connection], Awaitable[Any]]
    ) -> AsyncIterator[Item]:
        """The items of all pages; a page that is not full is the last."""
        page, more = 1, True
        while more:
            items = wire.parse(model, await self._send(ask, partial(request, page)), ask).root
            for item in items:
                yield item
            page, more = page + 1, len(items) == PAGE

    async def _or_none(self, ask: Ask, request: Request, *absent: int) -> httpx.Response | None:
        """The answer, None if its status says that there is no such thing (404 if no status is given)."""
        try:
            return await self._send(ask, request)
        except RefusedError as error:
            if error.ask is ask and error.status in (absent or (404,)):
                return None
            raise
