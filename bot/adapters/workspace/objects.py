"""Contents of git objects, and the text of a diff."""

import os
from collections.abc import Sequence

from bot.adapters.workspace.git import Git
from bot.core.repository import FileChange
from bot.ports import WorkspaceError

MAX_DIFF_CHARS = 100_000
"""Of one file; a diff is read by people and models, the contents are in `changes`."""
_NONE = "0" * 40


async def contents(git: Git, shas: Sequence[str]) -> dict[str, bytes]:
    """The exact bytes of blobs, by SHA. Raises `WorkspaceError` if one is missing."""
    wanted = list(dict.fromkeys(shas))
    if not wanted:
        return {}
    answer = await git.run("cat-file", "--batch", stdin="".join(f"{sha}\n" for sha in wanted).encode())
    found, at = {}, 0
    for sha in wanted:
        end = answer.index(b"\n", at)
        head = answer[at:end].decode().split(" ")
        if len(head) != 3 or head[1] != "blob":
            raise WorkspaceError(f"git has no file {sha[:12]}.")
        start, at = end + 1, end + 2 + int(head[2])
        found[sha] = answer[start : at - 1]
    return found


async def index_info(git: Git, changes: Sequence[FileChange]) -> bytes:
    """Changes as `git update-index -z --index-info` reads them, deletions first; the contents are stored on the way."""
    gone = [b"0 %s\t%s\0" % (_NONE.encode(), os.fsencode(change.path)) for change in changes if change.content is None]
    kept = []
    for change in changes:
        if change.content is not None:
            sha = await git.line("hash-object", "-w", "--stdin", stdin=change.content)
            kept.append(b"%s %s\t%s\0" % (change.mode.encode(), sha.encode(), os.fsencode(change.path)))
    return b"".join([*gone, *kept])


def cut_diff(text: str) -> str:
    """The diff with the part of each file cut to `MAX_DIFF_CHARS`, and a line that says so."""
    sign = "\ndiff --git "
    parts = f"\n{text}".split(sign)
    return sign.join([parts[0], *map(_cut, parts[1:])]).removeprefix("\n")


def _cut(part: str) -> str:
    if len(part) <= MAX_DIFF_CHARS:
        return part
    kept = part[:MAX_DIFF_CHARS].rpartition("\n")[0] or part[:MAX_DIFF_CHARS]
    return f"{kept}\n[... {len(part) - len(kept)} more characters of this file's diff are left out]\n"
