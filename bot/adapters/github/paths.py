"""Names as parts of a URL path. githubkit puts them in as they are, so what is odd must be refused or quoted here."""

import re
from urllib.parse import quote

from bot.core.repository import Repo
from bot.ports import GitHubError

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|^\.|^/|/$|\.$|\.lock(?:/|$)|^-|^@$|^$")


def names(repo: Repo) -> tuple[str, str]:
    """Owner and name. Raises `GitHubError` for what could leave its place in the path."""
    for part in (repo.owner, repo.name):
        if not _NAME.fullmatch(part) or part in (".", ".."):
            raise GitHubError(f"{str(repo)!r} is not the name of a repository.")
    return repo.owner, repo.name


def login_path(login: str) -> str:
    """A login; those of Apps have brackets."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+(?:\[bot\])?", login):
        raise GitHubError(f"{login!r} is not a login.")
    return quote(login, safe="")


def team_path(slug: str) -> str:
    """A team's slug. Raises `GitHubError` for anything else, its display name for one."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*", slug):
        raise GitHubError(f"{slug!r} is not the slug of a team, such as `core-developers`.")
    return slug


def is_branch(branch: str) -> bool:
    """Whether git takes this as a branch's name; https://git-scm.com/docs/git-check-ref-format."""
    return _NO_REF.search(branch) is None


def branch_path(branch: str) -> str:
    """A branch's name, quoted, its slashes kept."""
    return quote(branch, safe="/")


def sha_path(sha: str) -> str:
    """A SHA. Raises `GitHubError` for anything else, a branch's name for one."""
    if not _SHA.fullmatch(sha):
        raise GitHubError(f"{sha!r} is not the SHA of a commit.")
    return sha
