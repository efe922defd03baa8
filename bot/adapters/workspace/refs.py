"""Small sets of files in refs of a repository, each written whole and by compare-and-swap."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.adapters.workspace.git import Git, Remote
from bot.adapters.workspace.mirror import init
from bot.core.repository import NO_SHA, Sha
from bot.ports import WorkspaceError
from bot.ports_state import RefMovedError, Stored

_MOVED = ("stale info", "cannot lock ref", "reference already exists", "failed to update ref", "fetch first")
"""What git or the server says where a ref is not where it was expected."""
_MADE = "refs/heads/made"
"""What is written last, in our own repository."""
_WHO = (_MADE.encode(), _MADE.encode(), b"Devflow", b"devflow@users.noreply.github.com")


class GitRefs:
    """Refs of one repository. Each commit stands alone, so that old states do not pile up."""

    def __init__(self, folder: Path, url: str, token: str, *, allow_file: bool = False) -> None:
        """`folder` is for a bare repository of our own; it is made when it is needed."""
        self._git = Git(folder, remote=Remote(url, token, allow_file))
        self._url = url
        self._ready = asyncio.Lock()

    async def names(self, prefix: str) -> dict[str, Sha]:
        """Refs that begin so, and where they are. Raises `WorkspaceError`."""
        await self._init()
        listed = await self._git.run("ls-remote", "--refs", "--", self._url, f"{prefix}*")
        rows = (line.split("\t") for line in listed.decode().splitlines())
        return {ref: Sha(sha) for sha, ref in rows if ref.startswith(prefix)}

    async def read(self, ref: str) -> Stored | None:
        """The files of a ref; None if there is no such ref. Raises `WorkspaceError`."""
        sha = (await self.names(ref)).get(ref)
        if sha is None:
            return None
        flags = ("--quiet", "--no-tags", "--no-write-fetch-head", "--depth=1", "--force")
        await self._git.run("fetch", *flags, "--", self._url, f"{ref}:{ref}")
        sha = Sha(await self._git.line("rev-parse", ref))
        listed = (await self._git.run("ls-tree", "-z", sha)).decode().split("\0")
        blobs = [entry.split(None, 3) for entry in listed if entry]
        return Stored(sha, {b[3]: await self._git.run("cat-file", "blob", b[2]) for b in blobs if b[1] == "blob"})

    async def write(self, ref: str, files: Mapping[str, bytes], expected: Sha) -> Sha:
        """Make the ref hold exactly these files, if it is still where it was (`NO_SHA`: if there is none).

        Raises `RefMovedError` if it is elsewhere, `WorkspaceError` for all else; then nothing was changed.
        """
        await self._init()
        await self._git.run("fast-import", "--quiet", "--force", "--date-format=now", stdin=_commit(files))
        made = Sha(await self._git.line("rev-parse", _MADE))
        if made != expected:
            await self._push(ref, made, expected)
        return made

    async def delete(self, ref: str, expected: Sha) -> None:
        """Remove a ref that is still where it was. Raises as `write` does."""
        await self._init()
        await self._push(ref, NO_SHA, expected)

    async def _push(self, ref: str, made: Sha, expected: Sha) -> None:
        lease = f"--force-with-lease={ref}:{expected}"
        code, out, said = await self._git.result("push", "--porcelain", lease, "--", self._url, f"{made}:{ref}")
        if code == 0:
            return
        answer = f"{out.decode(errors='replace')} {said}"
        if any(words in answer for words in _MOVED):
            raise RefMovedError(f"`{ref}` was written by somebody else meanwhile.")
        raise WorkspaceError(f"The state could not be saved in `{ref}`: {said or answer.strip()[:500]}")

    async def _init(self) -> None:
        async with self._ready:
            if not self._git.git_dir.exists():
                await init(self._git.git_dir)


def _commit(files: Mapping[str, bytes]) -> bytes:
    """A commit without parents, for `git fast-import`: one process instead of one for each file."""
    told = b"State of a Devflow"
    head = b"reset %b\n\ncommit %b\ncommitter %b <%b> now\ndata %d\n%b\n" % (*_WHO, len(told), told)
    return head + b"".join(
        b"M 100644 inline %b\ndata %d\n%b\n" % (name.encode(), len(files[name]), files[name]) for name in sorted(files)
    )
