"""Checkouts for runs: files without a `.git`, their history kept where no agent can reach it."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bot.adapters.workspace.checkout import (
    check,
    compare,
    fill,
    has,
    listed,
    make,
    note_opened,
    opened_at,
    with_index,
    write_tree,
)
from bot.adapters.workspace.disk import locked, remove, sweep
from bot.adapters.workspace.folder import read_folder
from bot.adapters.workspace.forks import make_fork, merge_trees
from bot.adapters.workspace.git import Git
from bot.adapters.workspace.listing import GITLINK, Change, check_paths
from bot.adapters.workspace.mirror import Mirrors
from bot.adapters.workspace.objects import contents, cut_diff, index_info
from bot.adapters.workspace.patches import pull_files
from bot.core.repository import FileChange, FoundFile, Sha
from bot.core.reviews import PullFile
from bot.core.runs import RunId
from bot.ports import Checkout, Merge, WorkspaceError

_RUN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_SHA = re.compile(r"[0-9a-f]{40}")


class GitWorkspaces:
    """`root/<run>/tree` is the checkout, `root/<run>/git` its objects and index; mirrors are under `root/.mirrors`,
    further working copies of a run under `root/<run>/forks`.

    `allow_file` lets clone URLs be folders of this machine, for tests.
    """

    def __init__(self, root: Path, *, allow_file: bool = False) -> None:
        self._root = root.absolute()
        self._mirrors = Mirrors(self._root / ".mirrors", allow_file)

    async def open(self, run: RunId, url: str, token: str, base: Sha) -> Checkout:
        """The run's checkout at `base`; one that is there already is left as it is. Raises `WorkspaceError`."""
        place = self._place(run)
        if not _SHA.fullmatch(base):
            raise WorkspaceError(f"{base[:50]!r} is not the SHA of a commit.")
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        checkout = Checkout(place / "tree", place / "git", base)
        async with self._locked(place):
            found = opened_at(place)
            if found not in {None, base}:
                raise WorkspaceError(f"Run {run} is checked out at {str(found)[:12]}, not at {base[:12]}.")
            whole = found is not None and await has(checkout, base)
            if not whole:
                await make(place, await self._mirrors.fetch(url, token, base))
            if not whole or not checkout.root.is_dir():
                await fill(checkout, base)
                note_opened(place, base)
        return checkout

    async def fetch(self, checkout: Checkout, url: str, token: str, commit: Sha, ref: str = "") -> Sha:
        """Make one more commit of the repository known to the checkout; returns its tree. Raises `WorkspaceError`."""
        if not _SHA.fullmatch(commit):
            raise WorkspaceError(f"{commit[:50]!r} is not the SHA of a commit.")
        await self._mirrors.fetch(url, token, commit, ref)
        return Sha(await Git(checkout.git_dir).line("rev-parse", "--verify", f"{commit}^{{tree}}"))

    async def tree(self, checkout: Checkout) -> Sha:
        """The git tree of the files that .gitignore does not leave out. Raises `WorkspaceError`, naming the path."""
        return await with_index(checkout, write_tree)

    async def restore(self, checkout: Checkout, tree: Sha) -> bool:
        """Make the files exactly those of a tree or commit, ignored ones gone; False if it is not on this machine."""
        if not _SHA.fullmatch(tree) or not await has(checkout, tree):
            return False
        async with self._locked(checkout.git_dir.parent):
            await fill(checkout, tree)
        return True

    async def changes(self, checkout: Checkout, old: Sha, new: Sha) -> list[FileChange]:
        """What differs between two trees or commits, by path; a renamed file is one deleted and one added."""
        git = Git(checkout.git_dir)
        records = await compare(git, old, new)
        shas = [record.new_sha for record in records if record.new_mode not in {"000000", GITLINK}]
        data = await contents(git, shas)
        return [_file_change(record, data) for record in records]

    async def diff(self, checkout: Checkout, old: Sha, new: Sha) -> str:
        """The unified diff between two trees or commits: binary files by name only, very long parts cut with a note."""
        options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")
        trees = (f"{old}^{{tree}}", f"{new}^{{tree}}")
        text = await Git(checkout.git_dir).run("diff-tree", "-r", "-p", *options, *trees)
        return cut_diff(text.decode(errors="replace"))

    async def patches(self, checkout: Checkout, old: Sha, new: Sha) -> list[PullFile]:
        """The changed files as GitHub shows a pull request: renames found, three lines of context."""
        return await pull_files(Git(checkout.git_dir), old, new)

    async def files(self, checkout: Checkout) -> list[str]:
        """Paths of all files that git would keep, sorted: tracked and new ones, without submodules."""
        return await with_index(checkout, listed)

    async def write(self, checkout: Checkout, start: Sha, changes: Sequence[FileChange]) -> Sha:
        """Make the files those of `start` with the changes on top, and return their tree. Raises `WorkspaceError`."""

        async def build(git: Git, _: Checkout) -> Sha:
            check_paths(change.path for change in changes)
            await git.run("read-tree", f"{start}^{{tree}}")
            await git.run("update-index", "-z", "--index-info", stdin=await index_info(git, changes))
            tree = Sha(await git.line("write-tree"))
            await check(git, Sha(start), tree)
            return tree

        tree = await with_index(checkout, build)
        await self.restore(checkout, tree)
        return tree

    async def folder(
        self, url: str, token: str, commit: Sha, folder: str, *, most: int, size: int, deep: bool = False
    ) -> tuple[list[FoundFile], int]:
        """(Markdown files of the folder, how many more there are), read from the mirror's objects."""
        if not _SHA.fullmatch(commit):
            raise WorkspaceError(f"{commit[:50]!r} is not the SHA of a commit.")
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return await read_folder(
            Git(await self._mirrors.fetch(url, token, commit)), commit, folder, most, size, deep=deep
        )

    async def fork(self, checkout: Checkout, name: str) -> Checkout:
        """`forks/<name>` beside the checkout, with files and index of its own and the objects of the run."""
        if not _RUN.fullmatch(name):
            raise WorkspaceError(f"{name[:50]!r} is not a name for a working copy.")
        place = checkout.git_dir.parent / "forks" / name
        async with self._locked(place):
            return await make_fork(checkout, place)

    async def merge(self, checkout: Checkout, base: Sha, ours: Sha, theirs: Sha) -> Merge:
        """The merge of two trees, checked as any other tree if it is clean. Raises `WorkspaceError`."""
        return await merge_trees(checkout, base, ours, theirs)

    async def drop(self, run: RunId) -> None:
        """Remove all that belongs to the run; nothing is there to remove the second time."""
        place = self._place(run)
        async with self._locked(place):
            await remove(place)
            await sweep(self._root)

    def _place(self, run: RunId) -> Path:
        if not _RUN.fullmatch(run):
            raise WorkspaceError(f"{run[:50]!r} is not the id of a run.")
        return self._root / run

    def _locked(self, place: Path) -> AbstractAsyncContextManager[int]:
        name = "-".join(place.relative_to(self._root).parts)
        return locked(self._root / ".locks" / f"{name}.lock")


def _file_change(record: Change, data: Mapping[str, bytes]) -> FileChange:
    """Raises `WorkspaceError` for a mode that GitHub does not take."""
    match record.new_mode:
        case "000000":
            return FileChange(record.path, None)
        case "100644" | "100755" | "120000" as mode:
            return FileChange(record.path, data[record.new_sha], mode)
        case mode:
            raise WorkspaceError(f"`{record.path}` has the mode {mode}, which cannot be committed.")
