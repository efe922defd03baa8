"""git itself against the local GitHub: clones and pushes over HTTP, with the rights that REST has."""

import base64
import subprocess
from pathlib import Path

import pytest

from bot.offline.github import LocalGitHub
from bot.offline.github.gitstore import git_env
from tests.offline.github.conftest import FILES, WIDGET, Installed, Receiver


def git(*args: str, cwd: Path, token: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run git; the token goes in a header, as the bot sends it."""
    env = git_env({"GIT_AUTHOR_NAME": "Dev", "GIT_AUTHOR_EMAIL": "dev@example.com"})
    env |= {"GIT_COMMITTER_NAME": "Dev", "GIT_COMMITTER_EMAIL": "dev@example.com"}
    if token:
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader"}
        env["GIT_CONFIG_VALUE_0"] = f"Authorization: Basic {basic}"
    return subprocess.run(["git", *args], cwd=cwd, env=env, capture_output=True, text=True, check=False)


def cloned(github: LocalGitHub, folder: Path, token: str | None = None, repo: str = WIDGET) -> Path:
    done = git("clone", "-q", f"{github.url}/{repo}.git", "clone", cwd=folder, token=token)
    assert done.returncode == 0, done.stderr
    return folder / "clone"


def change(clone: Path, branch: str, text: str) -> None:
    git("checkout", "-q", "-B", branch, cwd=clone)
    (clone / "README.md").write_text(text)
    assert git("commit", "-q", "-am", "Change", cwd=clone).returncode == 0


def test_a_public_repository_is_cloned_by_anyone(github: LocalGitHub, tmp_path: Path) -> None:
    """The files of the default branch, with history."""
    clone = cloned(github, tmp_path)
    assert {str(p.relative_to(clone)) for p in clone.rglob("*") if p.is_file() and ".git" not in p.parts} == set(FILES)
    assert git("rev-parse", "HEAD", cwd=clone).stdout.strip() == github.branches(WIDGET)["main"]


def test_one_commit_is_fetched_by_its_sha_alone(github: LocalGitHub, app: Installed, tmp_path: Path) -> None:
    """Shallow, by SHA and with a filter, as a bot saves time and space."""
    sha = github.push(WIDGET, "x", {"n": "1"}, "One", by="maria")
    git("init", "-q", cwd=tmp_path)
    url = f"{github.url}/{WIDGET}"
    done = git("fetch", "-q", "--depth=1", "--filter=blob:none", url, sha, cwd=tmp_path, token=github.token(app.id))
    assert done.returncode == 0, done.stderr
    assert git("rev-parse", "FETCH_HEAD", cwd=tmp_path).stdout.strip() == sha


def test_a_private_repository_asks_for_a_token(github: LocalGitHub, source: Path, tmp_path: Path) -> None:
    """Without one git is asked for a password; a stranger's token finds nothing; a reader's clones."""
    github.add_repository("acme/secret", source, private=True)
    github.grant("acme/secret", "rita", "read")
    url = f"{github.url}/acme/secret.git"
    assert "could not read Username" in git("clone", url, "a", cwd=tmp_path).stderr
    assert "not found" in git("clone", url, "b", cwd=tmp_path, token="token-of-sam").stderr
    assert "could not read Username" in git("clone", url, "c", cwd=tmp_path, token="made-up").stderr
    assert cloned(github, tmp_path, "token-of-rita", "acme/secret").is_dir()


def test_a_push_lands_and_is_announced(github: LocalGitHub, receiver: Receiver, tmp_path: Path) -> None:
    """The branch moves, the webhook hears of it, the pull request follows."""
    github.hook(receiver.url, "secret")
    clone = cloned(github, tmp_path)
    change(clone, "topic/x", "pushed\n")
    done = git("push", "-q", "origin", "topic/x", cwd=clone, token="token-of-maria")
    assert done.returncode == 0, done.stderr
    assert github.file_at(WIDGET, "topic/x", "README.md") == b"pushed\n"
    number = github.open_pull(WIDGET, title="Topic", head="topic/x", by="maria")
    change(clone, "topic/x", "again\n")
    assert git("push", "-q", "origin", "topic/x", cwd=clone, token="token-of-maria").returncode == 0
    github.wait_idle()
    assert receiver.names == ["push", "pull_request.opened", "push", "pull_request.synchronize"]
    payload = receiver.last("pull_request.synchronize")
    assert (payload["number"], payload["after"]) == (number, github.branches(WIDGET)["topic/x"])
    assert receiver.last("push")["sender"]["login"] == "maria"


@pytest.mark.parametrize("who", ["nobody", "reader", "narrowed"])
def test_a_push_takes_the_right_to_write(who: str, github: LocalGitHub, app: Installed, tmp_path: Path) -> None:
    """Readers and narrowed tokens are refused, and nothing moves."""
    tokens = {"nobody": None, "reader": "token-of-rita", "narrowed": github.token(app.id, {"contents": "read"})}
    clone = cloned(github, tmp_path)
    change(clone, "topic", "pushed\n")
    assert git("push", "origin", "topic", cwd=clone, token=tokens[who]).returncode != 0
    assert list(github.branches(WIDGET)) == ["main"]


def test_an_app_pushes_with_its_installation_token(github: LocalGitHub, app: Installed, tmp_path: Path) -> None:
    """A token with `contents: write` is enough."""
    clone = cloned(github, tmp_path, github.token(app.id))
    change(clone, "devflow/1", "pushed\n")
    assert git("push", "-q", "origin", "devflow/1", cwd=clone, token=github.token(app.id)).returncode == 0
    assert "devflow/1" in github.branches(WIDGET)
    assert github.requests[-1].login == "devflow[bot]"


def test_pull_request_refs_can_be_fetched_but_not_pushed(github: LocalGitHub, tmp_path: Path) -> None:
    """`refs/pull/N/head` belongs to GitHub."""
    sha = github.push(WIDGET, "x", {"n": "1"}, "One", by="maria")
    number = github.open_pull(WIDGET, title="One", head="x", by="maria")
    clone = cloned(github, tmp_path)
    assert git("fetch", "-q", "origin", f"pull/{number}/head", cwd=clone).returncode == 0
    assert git("rev-parse", "FETCH_HEAD", cwd=clone).stdout.strip() == sha
    push = git("push", "origin", f"HEAD:refs/pull/{number}/head", cwd=clone, token="token-of-maria")
    assert push.returncode != 0
    assert github.refs(WIDGET)[f"refs/pull/{number}/head"] == sha


def test_paths_cannot_leave_the_repository(github: LocalGitHub, tmp_path: Path) -> None:
    """Dots in an address find no repository."""
    for path in ("acme/..", "../github/acme/widget", "acme/widget.git/../../x"):
        assert git("ls-remote", f"{github.url}/{path}", cwd=tmp_path).returncode != 0
