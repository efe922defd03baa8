"""Repositories, their commits, branches, comparisons and files over REST; and where a repository comes from."""

import base64
import subprocess
from pathlib import Path

import httpx
import pytest

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import FILES, WIDGET

REPO = f"/repos/{WIDGET}"


def test_a_repository_tells_where_it_is(github: LocalGitHub, maria: httpx.Client) -> None:
    """Names, branch and addresses that lead back here, whatever the case of the name."""
    body = maria.get("/repos/ACME/Widget").json()
    assert (body["full_name"], body["default_branch"], body["private"]) == (WIDGET, "main", False)
    assert body["clone_url"] == f"{github.url}/{WIDGET}.git"
    assert body["html_url"] == f"{github.url}/{WIDGET}"
    assert body["permissions"] == {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}


def test_a_folder_becomes_the_first_commit(github: LocalGitHub, tmp_path: Path) -> None:
    """Its files, modes and links; not its byte code, nor what its .gitignore names."""
    folder = tmp_path / "kit"
    (folder / "pkg" / "__pycache__").mkdir(parents=True)
    (folder / "pkg" / "__pycache__" / "m.cpython-311.pyc").write_bytes(b"\0")
    (folder / "pkg" / "m.py").write_text("x = 1\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("run.sh")
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "noise.log").write_text("x")
    github.add_repository("acme/kit", folder, default_branch="trunk")
    assert github.modes("acme/kit", "trunk") == {
        ".gitignore": "100644",
        "link": "120000",
        "pkg/m.py": "100644",
        "run.sh": "100755",
    }
    assert github.commit("acme/kit", "trunk").parents == ()


def test_a_git_repository_brings_its_history(github: LocalGitHub, tmp_path: Path) -> None:
    """All branches and commits, and its own default branch."""

    def git(*args: str) -> str:
        identity = ["-c", "user.name=M", "-c", "user.email=m@example.com"]
        done = subprocess.run(["git", *identity, *args], cwd=folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    folder = tmp_path / "old"
    folder.mkdir()
    git("init", "-q")
    git("symbolic-ref", "HEAD", "refs/heads/trunk")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("commit", "-q", "--allow-empty", "-m", "two")
    git("branch", "side", "HEAD~1")
    github.add_repository("acme/old", folder)
    assert github.branches("acme/old") == {"trunk": git("rev-parse", "trunk"), "side": git("rev-parse", "side")}
    with httpx.Client(base_url=github.api_url) as nobody:
        assert nobody.get("/repos/acme/old").json()["default_branch"] == "trunk"


def test_files_come_with_their_content(maria: httpx.Client) -> None:
    """Base64 in short lines, or raw; folders as rows; what is not there is 404."""
    file = maria.get(f"{REPO}/contents/src/widget.py").json()
    assert (file["type"], file["encoding"], file["name"], file["path"]) == (
        "file",
        "base64",
        "widget.py",
        "src/widget.py",
    )
    assert base64.b64decode(file["content"]).decode() == FILES["src/widget.py"]
    assert file["content"].endswith("\n")
    raw = maria.get(f"{REPO}/contents/README.md", headers={"Accept": "application/vnd.github.raw+json"})
    assert raw.text == FILES["README.md"]
    folder = maria.get(f"{REPO}/contents/src").json()
    assert [(row["type"], row["path"]) for row in folder] == [("dir", "src/deep"), ("file", "src/widget.py")]
    assert [row["path"] for row in maria.get(f"{REPO}/contents/").json()] == ["README.md", "src"]
    assert maria.get(f"{REPO}/contents/none.txt").status_code == 404
    assert maria.get(f"{REPO}/contents/README.md?ref=none").status_code == 404


def test_files_are_read_at_any_ref(github: LocalGitHub, maria: httpx.Client) -> None:
    """A branch with slashes, a SHA, a link shown as one."""
    sha = github.push(WIDGET, "a/b/c", {"README.md": "other\n"}, "Change", by="maria")
    for ref in ("a/b/c", sha, "refs/heads/a/b/c"):
        file = maria.get(f"{REPO}/contents/README.md", params={"ref": ref}).json()
        assert base64.b64decode(file["content"]) == b"other\n"
    assert github.file_at(WIDGET, "main", "README.md").decode() == FILES["README.md"]


def test_large_files_come_without_content(github: LocalGitHub, maria: httpx.Client) -> None:
    """Over a megabyte GitHub names the file and leaves its content out."""
    github.push(WIDGET, "main", {"big.bin": b"\0" * 1_000_001}, "Big", by="maria")
    body = maria.get(f"{REPO}/contents/big.bin").json()
    assert (body["encoding"], body["content"], body["size"]) == ("none", "", 1_000_001)


def test_branches_are_listed_and_found(github: LocalGitHub, maria: httpx.Client) -> None:
    """Also those with slashes in their names."""
    sha = github.push(WIDGET, "devflow/1-x", {"n": "1"}, "One", by="maria")
    assert [b["name"] for b in maria.get(f"{REPO}/branches").json()] == ["devflow/1-x", "main"]
    found = maria.get(f"{REPO}/branches/devflow/1-x").json()
    assert (found["name"], found["commit"]["sha"]) == ("devflow/1-x", sha)
    assert maria.get(f"{REPO}/branches/none").json()["message"] == "Branch not found"


def test_a_commit_shows_its_files(github: LocalGitHub, maria: httpx.Client) -> None:
    """By branch, by SHA; with author, statistics and patches."""
    change = {"README.md": "# Widget\nmore\n", "src/widget.py": None, "logo.png": b"\x89PNG\0\1"}
    sha = github.push(WIDGET, "x/y", change, "Three files", by="maria")
    for ref in ("x/y", sha):
        body = maria.get(f"{REPO}/commits/{ref}").json()
        assert (body["sha"], body["commit"]["message"], body["author"]["login"]) == (sha, "Three files", "maria")
        files = {f["filename"]: (f["status"], f["additions"], f["deletions"]) for f in body["files"]}
        assert files == {
            "README.md": ("modified", 1, 0),
            "logo.png": ("added", 0, 0),
            "src/widget.py": ("removed", 0, 1),
        }
    patches = {f["filename"]: f.get("patch") for f in body["files"]}
    assert patches["README.md"] == "@@ -1 +1,2 @@\n # Widget\n+more"
    assert patches["logo.png"] is None
    assert maria.get(f"{REPO}/commits/none").status_code == 422
    assert [c["sha"] for c in maria.get(f"{REPO}/commits?sha=x/y").json()] == [sha, github.branches(WIDGET)["main"]]


def test_statuses_of_a_commit_are_not_mistaken_for_a_branch(github: LocalGitHub, maria: httpx.Client) -> None:
    """`commits/main/status` is another operation; `commits/main/comments` is, too, and not one of ours."""
    assert maria.get(f"{REPO}/commits/main/status").json()["statuses"] == []
    assert maria.get(f"{REPO}/commits/main/comments").status_code == 404
    assert github.unserved == [("GET", f"{REPO}/commits/main/comments")]


@pytest.mark.parametrize(
    ("base", "head", "status", "ahead", "behind"),
    [
        ("main", "left/a", "diverged", 1, 1),
        ("main", "main", "identical", 0, 0),
        ("start", "left/a", "ahead", 1, 0),
        ("left/a", "start", "behind", 0, 1),
        ("acme:start", "acme:main", "ahead", 1, 0),
    ],
)
def test_comparisons_count_both_sides(
    base: str, head: str, status: str, ahead: int, behind: int, github: LocalGitHub, maria: httpx.Client
) -> None:
    """Since the two parted, as a pull request would show it."""
    start = github.branches(WIDGET)["main"]
    for branch in ("start", "left/a"):
        maria.post(f"{REPO}/git/refs", json={"ref": f"refs/heads/{branch}", "sha": start})
    github.push(WIDGET, "main", {"m": "1"}, "On main", by="maria")
    github.push(WIDGET, "left/a", {"l": "1"}, "On the left", by="maria")
    body = maria.get(f"{REPO}/compare/{base}...{head}").json()
    assert (body["status"], body["ahead_by"], body["behind_by"]) == (status, ahead, behind)
    assert len(body["commits"]) == ahead
    assert body["merge_base_commit"]["sha"] == (github.branches(WIDGET)["main"] if status == "identical" else start)


def test_a_comparison_with_nothing_is_404(maria: httpx.Client) -> None:
    """Unknown refs, and a path without the three dots."""
    assert maria.get(f"{REPO}/compare/main...none").status_code == 404
    assert maria.get(f"{REPO}/compare/main").status_code == 404


def test_renames_are_seen(github: LocalGitHub, maria: httpx.Client) -> None:
    """A moved file is one row with its former name."""
    text = "".join(f"line {n}\n" for n in range(20))
    github.push(WIDGET, "main", {"old.txt": text}, "Old", by="maria")
    github.push(WIDGET, "moved", {"old.txt": None, "new.txt": text}, "Move", by="maria")
    files = maria.get(f"{REPO}/compare/main...moved").json()["files"]
    assert [(f["status"], f["previous_filename"], f["filename"]) for f in files] == [("renamed", "old.txt", "new.txt")]
    assert "rename from old.txt" in github.diff(WIDGET, "main", "moved")
