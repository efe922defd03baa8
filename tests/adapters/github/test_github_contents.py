"""Single files of a commit, through the adapter, on a checked local GitHub."""

import httpx
import pytest
import respx

from bot.adapters.github import GitHubAdapter
from bot.core.repository import FoundFile, Sha
from bot.offline.github import LocalGitHub
from bot.ports import GitHubError
from tests.adapters.github.github_rig import REPO

WIDGET = "acme/widget"
BASE = "/repos/acme/widget/contents"


async def test_a_file_is_read_as_a_commit_has_it(devflow: GitHubAdapter, local: LocalGitHub) -> None:
    """Without a commit, as the default branch has it now; odd names are quoted."""
    path = "docs/a b#c?d%e.md"
    old = Sha(local.push(WIDGET, "main", {path: "one\n"}, "First", by="maria"))
    local.push(WIDGET, "main", {path: "two\n"}, "Second", by="maria")
    assert await devflow.file(REPO, path, most=100) == FoundFile(path, b"two\n")
    assert await devflow.file(REPO, path, old, most=100) == FoundFile(path, b"one\n")
    assert await devflow.file(REPO, "none.md", most=100) is None
    assert await devflow.file(REPO, "docs", most=100) == FoundFile("docs", None, "it is a folder")
    assert await devflow.file(REPO, path, most=3) == FoundFile(path, None, "it has 4 bytes, more than 3")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"type": "symlink", "size": 3, "target": "/etc"}, "it is a symlink"),
        ({"type": "submodule", "size": 0}, "it is a submodule"),
        ({"type": "file", "size": 2_000_000, "encoding": "none", "content": ""}, "it has 2000000 bytes, more than 10"),
        ({"type": "file", "size": 3, "encoding": "base64", "content": "="}, "GitHub sent it unreadable"),
    ],
)  # fmt: skip
async def test_what_is_no_readable_file(
    github: GitHubAdapter, api: respx.MockRouter, body: dict[str, object], problem: str
) -> None:
    """It is named, and nothing is made of it."""
    api.get(f"{BASE}/x").mock(return_value=httpx.Response(200, json=body))
    assert await github.file(REPO, "x", most=10) == FoundFile("x", None, problem)


@pytest.mark.parametrize("path", ["", "/x", "x/", "a//b", "../x", "a/../b", "a/./b", "a\n"])
async def test_odd_paths_are_refused_before_asking(github: GitHubAdapter, path: str) -> None:
    """They would name something else in the address."""
    with pytest.raises(GitHubError, match="is not the path of a file"):
        await github.file(REPO, path, most=10)
