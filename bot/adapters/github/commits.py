"""Commits made by GitHub itself through its git data API, so that it signs those of an App."""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask
from bot.adapters.github.paths import names, sha_path
from bot.adapters.github.reads import Reads
from bot.core.repository import CommitDraft, FileChange, Repo, Sha
from bot.ports import GitHubError

if TYPE_CHECKING:
    from githubkit_schemas.latest.types import ReposOwnerRepoGitTreesPostBodyPropTreeItemsType as Entry

INLINE_FILE = 256 * 1024
INLINE_TREE = 3 * 1024 * 1024
"""Bytes of text in one file and in one request; more goes up as blobs. GitHub refuses trees of more than 7 MB."""
BOM = b"\xef\xbb\xbf"


class Commits(Reads):
    """Turns drafts into git objects. Nothing refers to them before a branch is made, so a failed try shows nowhere."""

    async def create_commits(self, repo: Repo, parent: Sha, commits: Sequence[CommitDraft]) -> Sha:
        """The last commit; `parent` itself if there are no drafts.

        Raises `GitHubError` when GitHub's tree is not the draft's: what was tested would not be what is published.
        """
        tree = (await self.commit(repo, parent)).tree if commits else Sha("")
        for i, draft in enumerate(commits):
            tree = (await self.commit(repo, draft.merged)).tree if draft.merged else tree
            tree = await self._create_tree(repo, tree, draft.changes)
            if tree != draft.tree:
                raise GitHubError(
                    f"Commit {i + 1} of {len(commits)} for {repo} would not be what was built here: GitHub makes tree "
                    f"{tree[:12]} of it, we have {draft.tree[:12]}. Nothing was published."
                )
            parent = await self._create_commit(repo, parent, draft)
        return parent

    async def _create_commit(self, repo: Repo, parent: Sha, draft: CommitDraft) -> Sha:
        """No author, committer or date: with any of them GitHub does not sign."""
        owner, name = names(repo)
        ask = Ask(f"create a commit in {repo}", "Contents: write", "object", repo)
        parents = [sha_path(sha) for sha in (parent, draft.merged) if sha]
        answer = await self._send(
            ask,
            lambda gh: gh.rest.git.async_create_commit(
                owner, name, message=draft.message, tree=draft.tree, parents=parents
            ),
        )
        return Sha(wire.parse(wire.ObjectWire, answer, ask).sha)

    async def _create_tree(self, repo: Repo, base: Sha, changes: Sequence[FileChange]) -> Sha:
        if not changes:
            return base
        owner, name = names(repo)
        entries = await self._entries(repo, changes)
        ask = Ask(f"create a tree of {len(entries)} changes in {repo}", "Contents: write", "object", repo)
        answer = await self._send(
            ask, lambda gh: gh.rest.git.async_create_tree(owner, name, tree=entries, base_tree=base)
        )
        return Sha(wire.parse(wire.ObjectWire, answer, ask).sha)

    async def _entries(self, repo: Repo, changes: Sequence[FileChange]) -> "list[Entry]":
        entries: list[Entry] = []
        room = INLINE_TREE
        for change in changes:
            text = _inline(change.content, room)
            if change.content is None:
                entries.append({"path": change.path, "mode": change.mode, "type": "blob", "sha": None})
            elif text is None:
                sha = await self._create_blob(repo, change.content)
                entries.append({"path": change.path, "mode": change.mode, "type": "blob", "sha": sha})
            else:
                room -= len(change.content)
                entries.append({"path": change.path, "mode": change.mode, "type": "blob", "content": text})
        return entries

    async def _create_blob(self, repo: Repo, content: bytes) -> str:
        owner, name = names(repo)
        ask = Ask(f"upload a file of {len(content):,} bytes to {repo}", "Contents: write", "object", repo)
        text = base64.b64encode(content).decode("ascii")
        answer = await self._send(
            ask, lambda gh: gh.rest.git.async_create_blob(owner, name, content=text, encoding="base64")
        )
        return wire.parse(wire.ObjectWire, answer, ask).sha


def _inline(content: bytes | None, room: int) -> str | None:
    """The content as text for the tree request, None if it must be a blob of its own.

    A blob keeps every byte; the tree's `content` is for plain text, and empty text there is not told from none.
    """
    if not content or len(content) > min(INLINE_FILE, room) or b"\0" in content or content.startswith(BOM):
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None
