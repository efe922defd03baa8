"""Reading single files of a commit, without a checkout."""

import base64
import binascii
import re
from urllib.parse import quote

from githubkit.typing import Missing
from githubkit.utils import UNSET

from bot.adapters.github import wire
from bot.adapters.github.asks import Ask
from bot.adapters.github.paths import names, sha_path
from bot.adapters.github.reads import Reads
from bot.core.repository import FoundFile, Repo, Sha
from bot.ports import GitHubError

_NO_PATH = re.compile(r"^/|/$|//|(^|/)\.\.?(/|$)|[\x00-\x1f\x7f]|^$")


class _File(wire.Wire):
    type: str
    size: int = 0
    encoding: str = ""
    content: str = ""


class Contents(Reads):
    """`file` of `bot.ports_github.Conversations`."""

    async def file(self, repo: Repo, path: str, ref: Sha | None = None, *, most: int) -> FoundFile | None:
        """GitHub follows links inside the repository itself, and sends no content of more than a megabyte."""
        owner, name = names(repo)
        if _NO_PATH.search(path):
            raise GitHubError(f"{path!r} is not the path of a file.")
        at: Missing[str] = sha_path(ref) if ref else UNSET
        ask = Ask(f"read {path} of {repo}", "Contents: read", repo=repo)
        quoted = quote(path, safe="/")
        answer = await self._or_none(ask, lambda gh: gh.rest.repos.async_get_content(owner, name, quoted, ref=at))
        if answer is None:
            return None
        if isinstance(answer.json(), list):
            return FoundFile(path, None, "it is a folder")
        return _found(path, wire.parse(_File, answer, ask), most)


def _found(path: str, file: _File, most: int) -> FoundFile:
    if file.type != "file":
        return FoundFile(path, None, f"it is a {file.type}")
    if file.size > most or file.encoding == "none":
        return FoundFile(path, None, f"it has {file.size} bytes, more than {most}")
    try:
        return FoundFile(path, base64.b64decode(file.content.replace("\n", ""), validate=True))
    except binascii.Error:
        return FoundFile(path, None, "GitHub sent it unreadable")
