"""When the demo says no: what was measured is wrong, missing, or was tampered with. And who speaks, when it is real."""

import shutil
import time
from pathlib import Path

import pytest
from rich.console import Console

from bot.core.runs import Run
from bot.offline.claude import ScriptedClaude, Session
from bot.offline.demo import Wish
from bot.offline.demo.report import Report, make_report
from bot.offline.demo.show import _run
from bot.offline.demo.stage import Stage, stage
from bot.offline.demo.wish import cast
from tests.offline.demos import SAMPLE, git, played_here, quick_session, repository, small_session

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo writes below the working directory, and tells the process to use no proxy for the loopback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")


def test_tests_that_fail_end_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The agents' words are the same, but the code they wrote is wrong: the reason is what was measured."""
    wrong = quick_session(tmp_path, **{"if len(recent) < self._limit:": "if len(recent) > self._limit:"})
    code, report = played_here(tmp_path, Wish(session=wrong))
    said = capsys.readouterr().out
    assert (code, report["ok"], report["state"]) == (1, False, "failed")
    assert "exit code 1" in report["reason"]
    assert report["tests"]["exit_code"] == 1
    assert "NOT OK: The run ended as failed. Tests:" in said
    assert "FAILED  Tests" in said
    assert report["pull_request"]["head"]


def test_no_tests_are_not_success(tmp_path: Path) -> None:
    """A repository without any test: the change is on a branch, and the evidence says that nothing proves it."""
    bare = repository(tmp_path / "no tests", {"README.md": "# x\n", "pkg/__init__.py": ""})
    session = small_session(tmp_path, {"pkg/g.py": "def g() -> int:\n    return 2\n"})
    code, report = played_here(tmp_path, Wish(repo=bare, session=session))
    assert (code, report["ok"], report["state"]) == (1, False, "unproven")
    assert report["reason"] == "The run ended as unproven. Tests: no tests found"
    assert {"check": "Tests", "found": "no tests found", "state": "unknown"} in report["evidence"]
    assert report["pull_request"]["files"] == ["pkg/g.py"]
    assert report["repository"] == "acme/no-tests"


async def test_a_branch_that_was_tampered_with_is_noticed(tmp_path: Path) -> None:
    """After a run that went well, each thing that is not as the run says makes the demo fail."""
    wish = Wish(session=small_session(tmp_path, {"latchkey/more.py": "MORE = 1\n"}))
    async with stage(cast(wish), wish) as on:
        number, run, _ = await _run(on, Console(quiet=True))
        assert run is not None
        assert (await report_of(on, number, run)).ok
        bare = on.folder / "github" / "acme" / "latchkey.git"
        branch = (await report_of(on, number, run)).data["pull_request"]["branch"]
        head = git(bare, "rev-parse", branch)
        git(bare, "update-ref", f"refs/heads/{branch}", "main")
        moved = await report_of(on, number, run)
        git(bare, "update-ref", "-d", f"refs/heads/{branch}")
        gone = await report_of(on, number, run)
        git(bare, "update-ref", f"refs/heads/{branch}", head)
        assert (await report_of(on, number, run)).ok
    assert (moved.ok, gone.ok) == (False, False)
    assert head[:12] in moved.data["reason"]
    assert gone.data["reason"] == f"The branch `{branch}` is not on GitHub."
    assert gone.diff == ""


async def report_of(on: Stage, number: int, run: Run) -> Report:
    return await make_report(on, number, run, time.monotonic())


def test_a_real_model_is_named_in_the_first_line_and_in_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `ANTHROPIC_BASE_URL` set the words come from there, and nothing is called scripted."""
    with ScriptedClaude(Session.load(quick_session(tmp_path))) as claude:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", claude.url)
        monkeypatch.setenv("DEVFLOW_MODEL", "claude-opus-5-5")
        code, report = played_here(tmp_path, Wish())
        assert claude.unused() == []
        assert {asked.model for asked in claude.requests} == {"claude-opus-5-5"}
    said = capsys.readouterr().out
    assert (code, report["model"]) == (0, "claude-opus-5-5")
    assert said.startswith("REAL MODEL: claude-opus-5-5 speaks")
    assert "SCRIPTED" not in said


@pytest.fixture
def without_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PATH is a folder with links to the programs that a demo needs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh", "tail", "python3", "prlimit", "env"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))


@pytest.mark.usefixtures("without_bubblewrap")
def test_without_bubblewrap_the_sample_runs_and_other_code_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The built-in demo runs our own code, and says in one line that there is no sandbox. A visitor's code waits until
    there is one: how to get it is said, and the exit code is 1."""
    monkeypatch.setattr("bot.offline.demo.wish.sample", lambda: quick_sample(tmp_path))
    code, report = played_here(tmp_path, Wish())
    assert (code, report["tests"]["sandbox"]) == (0, "none")
    assert "None (bwrap is not installed); the sample's own code runs without." in capsys.readouterr().out
    files = {"pkg/__init__.py": "", "tests/test_f.py": "import unittest\n"}
    session = small_session(tmp_path, {"pkg/g.py": "G = 2\n"})
    code, report = played_here(tmp_path, Wish(repo=repository(tmp_path / "mine", files), session=session))
    assert (code, report["state"]) == (1, "unproven")
    assert "not run: bwrap is not installed: run `apt-get install bubblewrap`" in report["reason"]


def quick_sample(folder: Path) -> Path:
    """The sample with a session that does not pause."""
    copy = folder / "sample"
    if not copy.exists():
        shutil.copytree(SAMPLE, copy)
        quick_session(folder).replace(copy / "rate-limit.yaml")
    return copy
