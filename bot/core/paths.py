"""Which names may never be written into a repository, because git or a file system would read them as `.git`."""

import re

_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_CONTROL = re.compile("[\x00-\x1f\x7f\x80-\x9f]")
_SEPARATORS = re.compile(r"[\\:]")


def git_like(name: str) -> bool:
    """Whether one path component is `.git`, or is taken for it on some file system.

    `.GIT`, `.git.`, `.git ` and `git~1` (NTFS), `.g<U+200C>it` (HFS+), `.git\\x` and `.git::$INDEX` (NTFS again): what
    git's own `verify_path` refuses with core.protectNTFS and core.protectHFS on.
    """
    first = _SEPARATORS.split(_IGNORED_BY_HFS.sub("", name), maxsplit=1)[0]
    return first.rstrip(". ").casefold() in {".git", "git~1"}


def unfit(path: str) -> str:
    """Why this slash-separated relative path may not be in a commit, as the rest of a sentence; empty if it may."""
    if _CONTROL.search(path):
        return "has a control character in its name"
    if any("\ud800" <= char <= "\udfff" for char in path):
        return "has a name that is not UTF-8"
    if any(git_like(part) for part in path.split("/")):
        return "has a name that git would read as `.git`"
    return ""
