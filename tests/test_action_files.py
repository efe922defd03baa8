"""`action.yml` and the workflows: their shell steps run as on a runner, and what they name is there."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.events import EventError, event_from_payload
from tests.scenarios.actions import STARTS

ROOT = Path(__file__).parent.parent
OTHERWISE = {"workflow_dispatch", "schedule"}
"""What starts a workflow without an event on an issue."""


def read(path: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / path).read_text("utf-8"))
    return found


def workflows() -> list[dict[str, Any]]:
    """Our own, and the samples of the documentation."""
    samples = re.findall(r"```yaml\n(name:.*?)```", (ROOT / "docs" / "action.md").read_text("utf-8"), re.DOTALL)
    assert samples
    return [read(".github/workflows/devflow.yml"), *(yaml.safe_load(sample) for sample in samples)]


def step(name: str) -> str:
    return str(next(step["run"] for step in read("action.yml")["runs"]["steps"] if step.get("name") == name))


def test_workflows_start_for_what_the_bot_acts_on() -> None:
    """The rig plays the same events; each is one that the bot reads."""
    for workflow in workflows():
        started = {event: set(what["types"]) for event, what in workflow[True].items() if event not in OTHERWISE}
        assert started == STARTS
    for event, kinds in STARTS.items():
        for kind in kinds:
            with pytest.raises(EventError):
                event_from_payload(event, {"action": kind})


def test_workflows_give_no_more_than_is_needed() -> None:
    """Rights stand at the job; no head of a pull request is checked out; every action is pinned by its commit."""
    for workflow in workflows():
        [job] = workflow["jobs"].values()
        assert workflow["permissions"] == {}
        assert "pull_request_target" not in workflow[True]
        assert {name for name, level in job["permissions"].items() if level == "write"} == {
            "contents",
            "issues",
            "pull-requests",
        }
        assert job["concurrency"]["cancel-in-progress"] is False
        for one in job["steps"]:
            assert one["uses"] == "./" or re.search(r"@([0-9a-f]{40}|SHA)$", one["uses"]), one["uses"]
            assert "head" not in str(one.get("with", {}).get("ref", ""))


def test_every_input_reaches_the_bot() -> None:
    """Each is in the environment of the last step, but no expression is in a line of shell."""
    action = read("action.yml")
    last = action["runs"]["steps"][-1]
    assert set(re.findall(r"inputs\.(\w+)", str(last["env"]))) == set(action["inputs"])
    assert not [one for one in action["runs"]["steps"] if "${{" in one.get("run", "")]
    assert {out["value"] for out in action["outputs"].values()} == {
        f"${{{{ steps.devflow.outputs.{name} }}}}" for name in action["outputs"]
    }


@pytest.mark.slow
def test_the_steps_run_on_a_fresh_runner(tmp_path: Path) -> None:
    """Install, install again from the cache, and a job of nothing, in a workspace with a `bot/` of its own."""
    workspace = tmp_path / "workspace"
    (workspace / "bot").mkdir(parents=True)
    (workspace / "bot" / "__init__.py").write_text("raise SystemExit('the decoy was imported')")
    (tmp_path / "event.json").write_text('{"action": "created"}')
    env = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME"} or name.startswith("PIP_")},
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_RUN_ID": "1",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_EVENT_NAME": "issue_comment",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_TOKEN": "secret",
        "DEVFLOW_PYTHON": sys.executable,
        "DEVFLOW_MODEL": "",
    }

    def run(name: str) -> subprocess.CompletedProcess[str]:
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step(name)]
        return subprocess.run(shell, cwd=workspace, env=env, capture_output=True, text=True, check=False)

    for name in ("Name the environment", "Install", "Install"):
        done = run(name)
        assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"content=[0-9a-f]{32}\n", (tmp_path / "output").read_text())
    done = run("Devflow")
    assert done.returncode == 0, done.stderr
    assert "::add-mask::secret" in done.stdout
    assert "\nnone\n" in (tmp_path / "output").read_text()
    assert "Nothing to do." in (tmp_path / "summary").read_text()
