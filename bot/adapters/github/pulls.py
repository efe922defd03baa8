"""Pull requests as they stand, their files, and what moves our own: texts, draft or ready, the branch."""

from githubkit.typing import Missing
from githubkit.utils import UNSET

from bot.adapters.github import graphql, graphql_texts, wire, wire_reviews
from bot.adapters.github.asks import Ask, RefusedError
from bot.adapters.github.paths import branch_path, is_branch, names, sha_path
from bot.adapters.github.writes import Writes, check_length
from bot.core.repository import Mergeable, PullRequest, Repo, Sha
from bot.core.reviews import PullFile
from bot.ports import BranchMovedError

PATIENCE = (1.0, 2.0, 3.0, 5.0, 8.0)
"""Seconds between looks at a pull request of which GitHub has yet to compute whether it can be merged."""


class Pulls(Writes, graphql.Graphql):
    """`bot.ports_github.PullRequests`."""

    async def pull(self, repo: Repo, number: int) -> PullRequest:
        owner, name = names(repo)
        ask = Ask(f"read the pull request {repo}#{number}", "Pull requests: read", repo=repo)
        answer = await self._send(ask, lambda gh: gh.rest.pulls.async_get(owner, name, number))
        return wire.parse(wire.PullWire, answer, ask).core()

    async def mergeable(self, repo: Repo, number: int) -> Mergeable:
        """Reading is what makes GitHub compute it; a closed one stays `unknown` and is not waited for."""
        pull = await self.pull(repo, number)
        for seconds in PATIENCE:
            if pull.mergeable != "unknown" or pull.state == "closed":
                break
            await self._calls.pause(seconds)
            pull = await self.pull(repo, number)
        return pull.mergeable

    async def pull_files(self, repo: Repo, number: int) -> list[PullFile]:
        owner, name = names(repo)
        ask = Ask(f"read the files of {repo}#{number}", "Pull requests: read", repo=repo)
        pages = self._pages(
            ask,
            wire_reviews.Files,
            lambda page, gh: gh.rest.pulls.async_list_files(owner, name, number, per_page=100, page=page),
        )
        return [file.core() async for file in pages]

    async def update_pull(
        self, repo: Repo, number: int, *, title: str | None = None, body: str | None = None, draft: bool | None = None
    ) -> None:
        """Texts over REST, draft or ready over GraphQL: REST cannot."""
        if title is not None or body is not None:
            await self._edit(repo, number, title, body)
        if draft is not None:
            await self._set_draft(repo, number, draft=draft)

    async def _edit(self, repo: Repo, number: int, title: str | None, body: str | None) -> None:
        owner, name = names(repo)
        ask = Ask(f"edit the pull request {repo}#{number}", "Pull requests: write", "content", repo)
        check_length(ask, body or "")
        await self._send(
            ask,
            lambda gh: gh.rest.pulls.async_update(owner, name, number, title=_given(title), body=_given(body)),
        )

    async def _set_draft(self, repo: Repo, number: int, *, draft: bool) -> None:
        pull = await self.pull(repo, number)
        if pull.draft == draft:
            return
        what = f"make {repo}#{number} a draft" if draft else f"mark {repo}#{number} as ready for review"
        ask = Ask(what, "Pull requests: write", "content", repo, graphql=True)
        await self._query(ask, graphql_texts.DRAFT if draft else graphql_texts.READY, {"id": pull.node_id})

    async def update_branch(self, repo: Repo, branch: str, sha: Sha, expected: Sha) -> None:
        """Between our look and our move somebody may push: then the move is no fast-forward, and refused."""
        owner, name = names(repo)
        head = await self.branch_head(repo, branch) if is_branch(branch) else None
        if head == sha:
            return
        if head != expected:
            raise _moved(repo, branch, head, expected)
        needs = "Contents: write and, for changes under .github/workflows, Workflows: write"
        ask = Ask(f"move the branch {branch} of {repo}", needs, "write", repo)
        ref, commit = f"heads/{branch_path(branch)}", sha_path(sha)
        try:
            await self._send(ask, lambda gh: gh.rest.git.async_update_ref(owner, name, ref, sha=commit, force=False))
        except RefusedError as error:
            if error.status != 422 or "fast forward" not in str(error):
                raise
            raise _moved(repo, branch, await self.branch_head(repo, branch), expected) from None


def _given(text: str | None) -> Missing[str]:
    return UNSET if text is None else text


def _moved(repo: Repo, branch: str, head: Sha | None, expected: Sha) -> BranchMovedError:
    where = f"is at {head[:12]}, which the new commits do not follow from" if head == expected else ""
    where = where or (f"is at {head[:12]}, not at {expected[:12]}" if head else "is gone")
    return BranchMovedError(f"The branch {branch} of {repo} {where}: nothing was pushed.", 422)
