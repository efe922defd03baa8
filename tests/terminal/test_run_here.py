"""`devflow run` in a checkout: no GitHub, the whole job, and nothing lost."""

import signal
import subprocess
import time

import pytest

from tests.terminal.conftest import Desk, events

WISH = "Dark mode\n\nPlease."


def test_a_wish_becomes_a_branch(desk: Desk) -> None:
    """The files, the person's branch and index stay as they are; the branch has what was tested, in her name."""
    desk.plays("dark-mode")
    before = desk.git("rev-parse", "HEAD")
    said = desk.devflow("run", WISH)
    assert said.returncode == 0, said.stdout + said.stderr
    [branch] = desk.git("branch", "--format=%(refname:short)", "--list", "devflow/*").splitlines()
    assert f"git merge {branch}" in said.stdout
    assert "succeeded" in said.stdout
    assert "scripted" not in said.stdout
    assert desk.git("log", "-1", "--format=%an <%ae>", branch) == "Maria Curie <maria@example.org>"
    assert desk.git("merge-base", "main", branch) == before
    assert desk.git("diff", "--name-only", f"main...{branch}").splitlines()
    assert (desk.git("rev-parse", "HEAD"), desk.git("branch", "--show-current"), desk.git("status", "--short")) == (
        before,
        "main",
        "",
    )
