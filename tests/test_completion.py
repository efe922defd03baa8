"""What the shells are offered: commands, options and values, by the protocol that their scripts speak."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.planning import SKIPPABLE
from bot.definitions import builtin_catalog

DEVFLOW = Path(sys.executable).parent / "devflow"


def ask(folder: Path, **protocol: str) -> str:
    """What the command prints when a shell asks it."""
    env = {**os.environ, **protocol}
    return subprocess.run([DEVFLOW], env=env, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout


def bash(folder: Path, line: str) -> list[str]:
    """What bash is offered for the last word of a line."""
    count = str(len(line.split(" ")) - 1)
    return ask(folder, _DEVFLOW_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=count).split()


def test_commands_and_what_is_below_them(tmp_path: Path) -> None:
    """Those that begin so."""
    assert bash(tmp_path, "devflow do") == ["doctor"]
    assert {"serve", "run", "runs", "agents", "memory", "commands", "config", "doctor"} <= set(
        bash(tmp_path, "devflow ")
    )
    assert bash(tmp_path, "devflow memory se") == ["search"]


def test_options(tmp_path: Path) -> None:
    """Of the command that stands there."""
    assert bash(tmp_path, "devflow doctor --") == ["--repo", "--offline", "--json", "--help"]
    assert bash(tmp_path, "devflow run --dry") == ["--dry-run"]


def test_values(tmp_path: Path) -> None:
    """Agents and phases behind a comma, without those that are named already; a repository's own agents, too."""
    own = tmp_path / ".claude" / "agents"
    own.mkdir(parents=True)
    (own / "data-wizard.md").write_text("")
    assert bash(tmp_path, "devflow run --agents dat") == ["data-engineer", "data-wizard"]
    named = bash(tmp_path, "devflow run --agents data-engineer,")
    assert named[0] == "data-engineer,api-integration-specialist"
    assert len(named) == len(builtin_catalog().names)
    assert bash(tmp_path, "devflow run --skip ") == list(SKIPPABLE)
    assert bash(tmp_path, "devflow demo --sandbox b") == ["bubblewrap"]


def test_zsh(tmp_path: Path) -> None:
    """The same with descriptions, in zsh's own words."""
    told = ask(tmp_path, _DEVFLOW_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS="devflow do")
    assert told.startswith('_arguments \'*: :(("doctor":"Look at this machine')
    assert "compdef _devflow_completion devflow" in ask(tmp_path, _DEVFLOW_COMPLETE="source_zsh")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_the_script_works_in_bash(tmp_path: Path) -> None:
    """As it is sourced from a profile: bash itself fills its list."""
    script = ask(tmp_path, _DEVFLOW_COMPLETE="source_bash")
    press = "COMP_WORDS=(devflow doctor --off)\nCOMP_CWORD=2\n_devflow_completion devflow\necho ${COMPREPLY[@]}"
    env = {**os.environ, "PATH": f"{DEVFLOW.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", f"{script}\n{press}"],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("--offline\n", "")
