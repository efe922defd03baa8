"""Reads the host's pip configuration, for the install step of a repository's tests."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bot.core.pipconfig import PATHS, install_environment

_PAGES = 3
_LINK = re.compile(r"""href\s*=\s*["']((?:\.\./)+)([^/"'#?]+)/""")


def host_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What pip would use on this machine, in the form in which a sandbox can show the files that it names."""
    found = install_environment(environment, [_text(path) for path in _files(environment)])
    for name in PATHS:
        if name in found:
            found[name] = " ".join(_local(word) for word in found[name].split())
    indexes = [Path(w) for name in PATHS[:2] for w in found.get(name, "").split() if w.startswith("/")]
    # A local index links to files beside it. Offered to pip by themselves, they are also visible in the sandbox.
    linked = sorted({str(folder) for index in indexes for folder in _linked(index)})
    if linked:
        found["PIP_FIND_LINKS"] = " ".join(filter(None, [found.get("PIP_FIND_LINKS", ""), *linked]))
    return found


def _files(environment: Mapping[str, str]) -> list[Path]:
    """pip's configuration files in the order in which they are read, the weakest first."""
    if environment.get("PIP_CONFIG_FILE") == os.devnull:
        return []
    home = Path(environment.get("HOME", "/nonexistent"))
    folders = [*environment.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":")]
    own = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    files = [*(Path(folder) / "pip" / "pip.conf" for folder in folders if folder), Path("/etc/pip.conf")]
    files += [home / ".pip" / "pip.conf", own / "pip" / "pip.conf", Path(sys.prefix) / "pip.conf"]
    named = environment.get("PIP_CONFIG_FILE")
    return [*files, *([Path(named)] if named else [])]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _local(word: str) -> str:
    """A path for a `file:` URL and for `~`; everything else as it is."""
    if word.startswith("file:"):
        return unquote(urlsplit(word).path)
    return str(Path(word).expanduser()) if word.startswith("~") else word


def _linked(index: Path) -> Iterator[Path]:
    """The folders beside a local index that its pages link to, by what its first pages say."""
    try:
        pages = sorted(index.iterdir())[:_PAGES]
    except OSError:
        return
    for page in pages:
        for up, first in _LINK.findall(_text(page / "index.html")):
            folder = (page / up).resolve() / unquote(first)
            if folder.is_dir():
                yield folder
