"""Commits and branches in a repository on this machine. Neither its work tree nor its index is touched."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.adapters.workspace.git import Git
from bot.adapters.workspace.objects import index_info
from bot.core.repository import CommitDraft, FoundFile, RemoteCommit, Sha
from bot.ports import BranchMovedError, GitHubError, WorkspaceError

NOWHERE = "0" * 40


class Commits:
    """The objects and branches of one git directory; `who` are git's variables for author and committer."""

    def __init__(self, git_dir: Path, who: Mapping[str, str]) -> None:
        self._git = Git(git_dir, who=who)

    async def head(self, branch: str) -> Sha | None:
        """What a branch points at."""
        code, out, _ = await self._git.result("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
        return Sha(out.decode().strip()) if code == 0 else None

    async def file(self, commit: Sha, path: str, most: int) -> FoundFile | None:
        """A file of a commit, None if it is not there; symbolic links and folders are named, not read."""
        found = await self._git.run("ls-tree", "-z", "--long", commit, "--", path)
        entry = found.split(b"\0")[0].decode(errors="replace")
        meta, _, name = entry.partition("\t")
        if name != path:
            return None
        mode, kind, sha, size = meta.split()
        if kind != "blob" or mode == "120000":
            return FoundFile(path, None, "is not a file")
        if int(size) > most:
            return FoundFile(path, None, f"has {int(size):,} bytes, more than {most:,}")
        return FoundFile(path, await self._git.run("cat-file", "blob", sha))

    async def commit(self, sha: Sha) -> RemoteCommit:
        """Raises `GitHubError` 404 if there is none."""
        code, out, _ = await self._git.result("show", "-s", "--format=%T%x00%P%x00%B", f"{sha}^{{commit}}")
        if code != 0:
            raise GitHubError(f"There is no commit {sha[:12]} in this repository.", 404)
        tree, parents, message = out.decode(errors="replace").split("\0", 2)
        return RemoteCommit(sha, Sha(tree), tuple(map(Sha, parents.split())), message.rstrip("\n"), verified=False)

    async def merge_base(self, base: Sha, head: Sha) -> Sha | None:
        code, out, _ = await self._git.result("merge-base", base, head)
        return Sha(out.decode().strip()) if code == 0 else None

    async def create(self, parent: Sha, drafts: Sequence[CommitDraft]) -> Sha:
        """The last of the new commits. Raises `GitHubError` if git makes another tree than the draft names."""
        for number, draft in enumerate(drafts, 1):
            tree = await self._tree(draft.merged or parent, draft)
            if tree != draft.tree:
                raise GitHubError(
                    f"Commit {number} of {len(drafts)} would not be what was built: git makes tree {tree[:12]} of it, "
                    f"we have {draft.tree[:12]}. Nothing was kept."
                )
            parents = [flag for sha in (parent, draft.merged) if sha for flag in ("-p", sha)]
            made = await self._git.line("commit-tree", *parents, draft.tree, stdin=draft.message.encode())
            parent = Sha(made)
        return parent

    async def _tree(self, base: Sha, draft: CommitDraft) -> Sha:
        with tempfile.TemporaryDirectory(prefix="devflow-index-") as folder:
            git = self._git.with_index(Path(folder) / "index")
            await git.run("read-tree", f"{base}^{{tree}}")
            await git.run("update-index", "-z", "--index-info", stdin=await index_info(git, draft.changes))
            return Sha(await git.line("write-tree"))

    async def move(self, branch: str, sha: Sha, expected: Sha | None) -> None:
        """Make a branch (`expected` None) or move it forward. Fine if it is at `sha` already."""
        if await self.head(branch) == sha:
            return
        if expected and await self.merge_base(expected, sha) != expected:
            raise BranchMovedError(f"{sha[:12]} does not follow from {expected[:12]}, where `{branch}` was.")
        try:
            await self._git.run("update-ref", f"refs/heads/{branch}", sha, expected or NOWHERE)
        except WorkspaceError as error:
            raise BranchMovedError(f"The branch `{branch}` is not where it was expected: {error}") from error
