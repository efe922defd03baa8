"""Commits through the git data API, checked against git itself."""

import base64
import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest
import respx
from githubkit_schemas.latest import models

from bot.adapters.github import GitHubAdapter
from bot.adapters.github.commits import INLINE_FILE, INLINE_TREE
from bot.core.repository import CommitDraft, FileChange, Sha
from bot.offline.github import LocalGitHub
from bot.ports import GitHubError
from tests.adapters.github.github_rig import OTHER, REPO, SHA, commit_json, refusal

BASE = "/repos/acme/widget/git"
TREE = "c" * 40


class GitData:
    """GitHub's git data API on a real repository: what it computes, git computed."""

    def __init__(self, api: respx.MockRouter, folder: Path) -> None:
        self.folder = folder
        self._git("init", "-q", "--bare", str(folder))
        self.blobs = api.post(f"{BASE}/blobs").mock(side_effect=self._blob)
        self.trees = api.post(f"{BASE}/trees").mock(side_effect=self._tree)
        self.commits = api.post(f"{BASE}/commits").mock(side_effect=self._commit)
        api.get(path__startswith=f"{BASE}/commits/").mock(side_effect=self._read)

    def tree_of(self, files: dict[str, tuple[str, bytes]]) -> Sha:
        """The tree that git makes of these files: path -> (mode, content)."""
        index = self.folder / "wanted"
        index.unlink(missing_ok=True)
        for path, (mode, content) in files.items():
            self._add(index, path, mode, self._git("hash-object", "-w", "--stdin", stdin=content))
        return Sha(self._git("write-tree", index=index))

    def commit_of(self, tree: str) -> Sha:
        return Sha(self._git("commit-tree", tree, "-m", "base"))

    def bodies(self, route: respx.Route) -> list[dict[str, object]]:
        return [json.loads(call.request.content) for call in route.calls]

    def log(self, sha: str) -> list[str]:
        """Messages from the newest back."""
        return self._git("log", "--format=%s", sha).splitlines()

    def _blob(self, request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        content = base64.b64decode(sent["content"], validate=True) if sent["encoding"] == "base64" else b""
        return httpx.Response(201, json={"sha": self._git("hash-object", "-w", "--stdin", stdin=content)})

    def _tree(self, request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        index = self.folder / "asked"
        index.unlink(missing_ok=True)
        self._git("read-tree", sent["base_tree"], index=index)
        for entry in sent["tree"]:
            if "content" in entry:
                entry["sha"] = self._git("hash-object", "-w", "--stdin", stdin=entry["content"].encode())
            if entry["sha"] is None:
                gone = f"0 {'0' * 40}\t{entry['path']}\n".encode()
                self._git("update-index", "--index-info", stdin=gone, index=index)
            else:
                self._add(index, entry["path"], entry["mode"], entry["sha"])
        return httpx.Response(201, json={"sha": self._git("write-tree", index=index)})

    def _commit(self, request: httpx.Request) -> httpx.Response:
        sent = json.loads(request.content)
        parents = [word for parent in sent["parents"] for word in ("-p", parent)]
        sha = self._git("commit-tree", sent["tree"], *parents, "-m", sent["message"])
        return httpx.Response(201, json=commit_json(sha, sent["tree"]))

    def _read(self, request: httpx.Request) -> httpx.Response:
        sha = request.url.path.rsplit("/", 1)[1]
        return httpx.Response(200, json=commit_json(sha, self._git("rev-parse", f"{sha}^{{tree}}")))

    def _add(self, index: Path, path: str, mode: str, sha: str) -> None:
        self._git("update-index", "--add", "--replace", "--cacheinfo", f"{mode},{sha},{path}", index=index)

    def _git(self, *args: str, stdin: bytes = b"", index: Path | None = None) -> str:
        who = {f"GIT_{role}_{part}": "t" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        env = {**os.environ, **who, "GIT_DIR": str(self.folder), "GIT_CONFIG_GLOBAL": "/dev/null"}
        if index:
            env["GIT_INDEX_FILE"] = str(index)
        return (
            subprocess.run(["git", *args], input=stdin, env=env, check=True, capture_output=True)
            .stdout.decode()
            .strip()
        )


@pytest.fixture
def git(api: respx.MockRouter, tmp_path: Path) -> GitData:
    return GitData(api, tmp_path / "remote.git")


START = {"keep.txt": ("100644", b"keep\n"), "old/gone.txt": ("100644", b"gone\n"), "was-file": ("100644", b"x")}
NEW = {
    "plain.py": ("100644", "print('hällo \N{SPARKLES}')\r\n\u2028".encode()),
    "run.sh": ("100755", b"#!/bin/sh\n"),
    "link": ("120000", b"keep.txt"),
    "empty": ("100644", b""),
    "bom.cs": ("100644", b"\xef\xbb\xbfusing System;\n"),
    "latin.txt": ("100644", b"caf\xe9\n"),
    "nul.bin": ("100644", b"a\0b"),
    "large.txt": ("100644", b"x" * (INLINE_FILE + 1)),
    "was-file/now": ("100644", b"folder\n"),
    "sub dir/ü.txt": ("100644", b"path\n"),
}


def changes_of(files: dict[str, tuple[str, bytes]], *deleted: str) -> tuple[FileChange, ...]:
    gone = [FileChange(path, None) for path in deleted]
    return (*gone, *(FileChange(path, content, mode) for path, (mode, content) in files.items()))  # type: ignore[arg-type]


async def test_every_kind_of_change_ends_in_the_tree_that_git_makes(github: GitHubAdapter, git: GitData) -> None:
    """Text, modes, links, empty, binary and large files, deletions, a file that becomes a folder: byte for byte."""
    parent = git.commit_of(git.tree_of(START))
    tree = git.tree_of({"keep.txt": START["keep.txt"], **NEW})

    commit = await github.create_commits(
        REPO, parent, [CommitDraft("Add it all", changes_of(NEW, "old/gone.txt", "was-file"), tree)]
    )

    assert git.log(commit) == ["Add it all", "base"]
    entries = git.bodies(git.trees)[0]["tree"]
    assert isinstance(entries, list)
    inline = {entry["path"] for entry in entries if "content" in entry}
    assert inline == {"plain.py", "run.sh", "link", "was-file/now", "sub dir/ü.txt"}
    assert [entry for entry in entries if entry.get("sha", "") is None] == [
        {"path": "old/gone.txt", "mode": "100644", "type": "blob", "sha": None},
        {"path": "was-file", "mode": "100644", "type": "blob", "sha": None},
    ]
    assert git.blobs.call_count == 5


async def test_commits_stand_on_each_other_and_no_branch_is_made(github: GitHubAdapter, git: GitData) -> None:
    """Each tree is made on the one before it, each commit names the one before as its only parent."""
    one = {**START, "a": ("100644", b"1")}
    two = {**one, "b": ("100644", b"2")}
    first, second = git.tree_of(one), git.tree_of(two)
    base = git.tree_of(START)
    parent = git.commit_of(base)

    last = await github.create_commits(
        REPO,
        parent,
        [
            CommitDraft("One", (FileChange("a", b"1"),), first),
            CommitDraft("Two\n\nBecause.", (FileChange("b", b"2"),), second),
        ],
    )

    assert git.log(last) == ["Two", "One", "base"]
    assert [body["base_tree"] for body in git.bodies(git.trees)] == [base, first]
    sent = git.bodies(git.commits)
    assert sent[0] == {"message": "One", "tree": first, "parents": [parent]}
    assert sent[1]["message"] == "Two\n\nBecause."


async def test_a_merge_is_written_against_what_is_merged_in(devflow: GitHubAdapter, local: LocalGitHub) -> None:
    """Two parents, and only our own changes go over the wire; the point where both parted is told."""
    start = local.push("acme/widget", "main", {"a.txt": "a\n"}, "Start", by="maria")
    ours = local.push("acme/widget", "topic", {"ours.txt": "o\n"}, "Ours", by="maria")
    theirs = local.push("acme/widget", "main", {"theirs.txt": "t\n"}, "Theirs", by="maria")
    assert await devflow.merge_base(REPO, Sha(theirs), Sha(ours)) == start
    tree = _tree_with(local, theirs, "ours.txt", b"o\n")
    change = FileChange("ours.txt", b"o\n")
    made = await devflow.create_commits(REPO, Sha(ours), [CommitDraft("Merge main", (change,), tree, Sha(theirs))])
    commit = await devflow.commit(REPO, made)
    assert (commit.parents, commit.tree) == ((ours, theirs), tree)


def _tree_with(local: LocalGitHub, commit: str, path: str, content: bytes) -> Sha:
    """The tree of a commit with one more file."""
    local.push("acme/widget", "both", {path: content}, "Both", by="maria")
    assert local.commit("acme/widget", "both").parents == (commit,)
    return local.commit("acme/widget", "both").tree


async def test_commits_without_a_common_past_have_no_merge_base(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """GitHub answers 404, which is no error here."""
    route = api.get(path__startswith="/repos/acme/widget/compare/").mock(
        return_value=refusal(404, "No common ancestor")
    )
    assert await github.merge_base(REPO, Sha(SHA), Sha(OTHER)) is None
    assert f"{SHA}...{OTHER}" in str(route.calls[0].request.url)


async def test_nobody_is_named_as_author_so_that_github_signs(github: GitHubAdapter, git: GitData) -> None:
    """A commit with an author, committer or signature of ours would not be GitHub's to vouch for."""
    tree = git.tree_of({**START, "a": ("100644", b"1")})
    parent = git.commit_of(git.tree_of(START))
    await github.create_commits(REPO, parent, [CommitDraft("One", (FileChange("a", b"1"),), tree)])
    assert set(git.bodies(git.commits)[0]) == {"message", "tree", "parents"}


async def test_a_tree_that_is_not_the_drafts_stops_before_its_commit(github: GitHubAdapter, git: GitData) -> None:
    """What was tested would not be what is published."""
    parent = git.commit_of(git.tree_of(START))
    wrong = Sha(OTHER)
    with pytest.raises(GitHubError, match=r"Commit 1 of 1 .* we have bbbbbbbbbbbb\. Nothing was published"):
        await github.create_commits(REPO, parent, [CommitDraft("One", (FileChange("a", b"1"),), wrong)])
    assert not git.commits.called


async def test_a_commit_without_changes_keeps_the_tree(github: GitHubAdapter, git: GitData) -> None:
    """GitHub takes no empty list of changes, so no tree is asked for; a draft that claims another tree is refused."""
    tree = git.tree_of(START)
    parent = git.commit_of(tree)
    commit = await github.create_commits(REPO, parent, [CommitDraft("Nothing", (), tree)])
    assert git.log(commit) == ["Nothing", "base"]
    assert not git.trees.called
    with pytest.raises(GitHubError, match="would not be what was built here"):
        await github.create_commits(REPO, parent, [CommitDraft("Nothing", (), Sha(OTHER))])


async def test_without_drafts_the_parent_is_the_last_commit(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Nothing is sent."""
    assert await github.create_commits(REPO, Sha(SHA), []) == SHA
    assert not api.calls


async def test_much_text_goes_up_as_blobs_once_the_request_is_full(github: GitHubAdapter, git: GitData) -> None:
    """A tree request stays within its size, whatever the number of files."""
    block = b"y" * INLINE_FILE
    files = {f"f{i:02}": ("100644", block) for i in range(INLINE_TREE // INLINE_FILE + 2)}
    tree = git.tree_of({**START, **files})
    parent = git.commit_of(git.tree_of(START))
    await github.create_commits(REPO, parent, [CommitDraft("Much", changes_of(files), tree)])
    assert git.blobs.call_count == 2
    assert len(git.trees.calls.last.request.content) < INLINE_TREE + 10_000


async def test_git_objects_may_be_sent_again_after_a_broken_answer(github: GitHubAdapter, git: GitData) -> None:
    """Nothing refers to them, so a second try does no harm."""
    tree = git.tree_of({**START, "a": ("100644", b"\0")})
    parent = git.commit_of(git.tree_of(START))
    for route in (git.blobs, git.trees, git.commits):
        real = route.side_effect
        assert callable(real)
        answers = iter([lambda _: refusal(502, "Bad gateway"), real])
        route.side_effect = lambda request, answers=answers: next(answers)(request)
    commit = await github.create_commits(REPO, parent, [CommitDraft("One", (FileChange("a", b"\0"),), tree)])
    assert git.log(commit)[0] == "One"
    assert [route.call_count for route in (git.blobs, git.trees, git.commits)] == [2, 2, 2]


async def test_bodies_are_those_of_githubs_published_types(github: GitHubAdapter, git: GitData) -> None:
    """No field that the models do not name, `sha: null` included."""
    tree = git.tree_of({"keep.txt": START["keep.txt"], "was-file": START["was-file"], "n": ("100644", b"\0")})
    parent = git.commit_of(git.tree_of(START))
    draft = CommitDraft("One", changes_of({"n": ("100644", b"\0")}, "old/gone.txt"), tree)
    await github.create_commits(REPO, parent, [draft])
    for route, model in (
        (git.blobs, models.ReposOwnerRepoGitBlobsPostBody),
        (git.trees, models.ReposOwnerRepoGitTreesPostBody),
        (git.commits, models.ReposOwnerRepoGitCommitsPostBody),
    ):
        sent = git.bodies(route)[0]
        assert set(sent) <= set(model.model_fields)
        model.model_validate(sent)


@pytest.mark.parametrize("step", ["commits", "trees"])
async def test_a_refusal_names_the_permission(github: GitHubAdapter, git: GitData, step: str) -> None:
    """403 on the way says `Contents: write`."""
    tree = git.tree_of({**START, "a": ("100644", b"1")})
    parent = git.commit_of(git.tree_of(START))
    getattr(git, step).mock(return_value=refusal(403, "Resource not accessible by integration"))
    with pytest.raises(
        GitHubError, match=r"The token needs `Contents: write` on acme/widget \(in a workflow, `contents: w"
    ):
        await github.create_commits(REPO, parent, [CommitDraft("One", (FileChange("a", b"1"),), tree)])
