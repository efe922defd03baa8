"""`devflow doctor` at a terminal and for programs: what it prints, and with which exit code it ends."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot import doctor_command
from bot.cli import main
from bot.doctor_command import CHECKS
from tests.doctor.conftest import APP_ID, SECRET, WIDGET, Patient

Doctor = Callable[..., tuple[int, str, str]]


@pytest.fixture
def doctor(patient: Patient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """`devflow doctor`: (exit code, what it printed, what it complained about)."""

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["devflow", "doctor", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


def test_a_line_for_each_check(doctor: Doctor) -> None:
    """Where all is well nothing is to do, and the exit code is 0."""
    code, printed, complaint = doctor()
    lines = printed.splitlines()
    assert (code, complaint) == (0, "")
    assert len(lines) == len(CHECKS) + 2
    assert all(check.name in line for check, line in zip(CHECKS, lines, strict=False))
    assert "to do" not in printed
    assert lines[-1] == snapshot("21 ok, 4 not looked at.")


def test_what_is_wrong_and_what_to_do(doctor: Doctor, patient: Patient) -> None:
    """The exit code is 1; a link is in one piece, however narrow the terminal."""
    patient.set("COLUMNS", "40")
    patient.github.subscribe(APP_ID, [])
    code, printed, _ = doctor("--repo", WIDGET)
    (at,) = [number for number, line in enumerate(printed.splitlines()) if line.startswith("wrong")]
    wrong, todo = printed.splitlines()[at : at + 2]
    assert code == 1
    assert wrong.startswith("wrong          App events")
    assert todo.startswith("               to do: Tick Check run, ")
    assert f" at {patient.github.url}/organizations/apps/settings/apps/devflow/permissions, and save." in todo


def test_a_warning_alone_is_no_failure(doctor: Doctor, patient: Patient) -> None:
    """As a sandbox that somebody left out by choice."""
    patient.set("DEVFLOW_SANDBOX", "none")
    code, printed, _ = doctor("--offline")
    assert (code, printed.count("\nwarning ")) == (0, 1)


def test_for_programs(doctor: Doctor, patient: Patient) -> None:
    """A list of objects, and nothing else; the exit code is the same."""
    patient.unset("DEVFLOW_WEBHOOK_SECRET")
    code, printed, complaint = doctor("--json", "--offline")
    rows = json.loads(printed)
    assert (code, complaint) == (1, "")
    assert {tuple(row) for row in rows} == {("check", "state", "found", "fix")}
    assert [row["check"] for row in rows if row["state"] == "wrong"] == ["webhook secret"]


def test_settings_that_cannot_be_used_stop_nothing(doctor: Doctor, patient: Patient, tmp_path: Path) -> None:
    """They are the first finding; what is wrong in the file is not shown, nor logged."""
    (tmp_path / ".env").write_bytes(b"DEVFLOW_PORT=many\n'unclosed\nDEVFLOW_SANDBOX=s3cret\n")
    (tmp_path / ".env").chmod(0o600)
    patient.unset("GITHUB_API_URL")
    code, printed, complaint = doctor("--offline")
    assert (code, complaint) == (1, "")
    assert printed.splitlines()[0].startswith("wrong          settings")
    assert "DEVFLOW_PORT is wrong" in printed
    assert "s3cret" not in printed
    assert printed.splitlines()[-1].endswith("not looked at.")


def test_a_settings_file_that_never_ends(
    doctor: Doctor, patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pipe that nobody fills: the environment is looked at, and the process ends."""
    os.mkfifo(tmp_path / ".env", 0o600)
    monkeypatch.setattr(doctor_command, "READ_SECONDS", 0.2)
    code, printed, _ = doctor("--offline")
    assert code == 1
    assert "`.env` could not be read in 0.2 s" in printed.splitlines()[0]
    with (tmp_path / ".env").open("w"):
        """Lets the reader go."""


def test_a_folder_that_is_gone(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said in a sentence."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert doctor() == (2, "", "devflow: The folder you are in is gone.\n         Go to another one.\n")


@pytest.mark.parametrize(
    "words", [["--repo", "widget"], ["--repo", "a/b/c"], ["--repo", "../.."], ["widget"], ["--all"]]
)
def test_wrong_usage(doctor: Doctor, words: list[str]) -> None:
    """Exit code 2, and nothing for a program to read."""
    code, printed, complaint = doctor(*words)
    assert (code, printed) == (2, "")
    assert complaint


def test_nothing_is_left_behind_and_no_secret_is_shown(doctor: Doctor, tmp_path: Path) -> None:
    """Not even a state folder."""
    before = sorted(tmp_path.iterdir())
    _, printed, _ = doctor("--repo", WIDGET)
    assert sorted(tmp_path.iterdir()) == before
    assert SECRET not in printed
    assert "sk-ant-good" not in printed


def test_a_hostile_server_has_no_power_over_the_terminal(doctor: Doctor, patient: Patient) -> None:
    """What GitHub answers is shown as text."""
    hostile = {"slug": "dev\x1b[2Jflow\u202e", "html_url": "x", "permissions": {}, "events": []}
    patient.github.fails("GET", "^/app$", status=200, body=hostile)
    _, printed, _ = doctor()
    assert "GitHub accepts the App dev\\x1b[2Jflow\\x202e" in printed
    assert "\x1b[2J" not in printed
