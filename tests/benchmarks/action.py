"""What a job of the GitHub Action takes before its agents work: install, imports, state, GitHub, first request."""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import yaml

from tests.benchmarks.rows import Row, bench_row
from tests.scenarios.actions import ActionRig, action_rig

_row = partial(bench_row, "action", unit="s")
ROOT = Path(__file__).parents[2]
LIMIT = 60.0


def rows() -> list[Row]:
    """Each part; the baseline is what the import of the model's SDK alone takes, once more in the same run."""
    bare = _seconds("pass")
    sdk, ours = _seconds("import anthropic") - bare, _seconds("import bot.action") - bare
    warm = _seconds("from bot.bootstrap import warm_up; import bot.action; warm_up()") - bare
    return [
        *_install(),
        _row("imports before GitHub is asked", ours, sdk),
        _row("all imports but the model's SDK", warm, sdk),
        *asyncio.run(_jobs(sdk)),
    ]


def _seconds(code: str, times: int = 5) -> float:
    """Processor time of a program, its modules compiled before, as they are in a cached environment."""
    env, taken = {"PATH": os.environ["PATH"]}, list[float]()
    for _ in range(times + 1):
        before = _children_seconds()
        subprocess.run([sys.executable, "-I", "-c", code], check=True, cwd=ROOT, env=env, capture_output=True)
        taken.append(_children_seconds() - before)
    return statistics.median(taken[1:])


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _install() -> list[Row]:
    """The action's own step, on an empty folder and again; pip's own cache and index are those of this machine."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    script = next(step["run"] for step in steps if step.get("name") == "Install")
    found = []
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "GITHUB_ACTION_PATH": str(ROOT), "RUNNER_TEMP": folder, "DEVFLOW_PYTHON": sys.executable}
        for case in ("install, nothing cached", "install, environment cached"):
            began = time.perf_counter()
            subprocess.run(["bash", "-eo", "pipefail", "-c", script], env=env, check=True, capture_output=True)
            found.append(_row(case, time.perf_counter() - began))
    return found


async def _jobs(sdk: float) -> list[Row]:
    """A job of a fresh issue, and one of the same issue after it: from the process' start to two moments."""
    with tempfile.TemporaryDirectory() as folder:
        async with action_rig(Path(folder), judged=False) as rig:
            rig.issue(7, title="Dark mode", body="Please.")
            rig.plays("dark-mode", "risky")
            found = await _timed(rig, "/dev-workflow", Path(folder) / "one", "a fresh issue", sdk)
            return found + await _timed(rig, "/approve", Path(folder) / "two", "with state", sdk)


async def _timed(rig: ActionRig, command: str, folder: Path, name: str, sdk: float) -> list[Row]:
    rig.github.comment(*rig.place(7), command, by="maintainer")
    asked, spoken, began = len(rig.github.requests), len(rig.claude.bodies), time.perf_counter()
    process = await rig.process(folder)
    try:
        github = await _moment(lambda: len(rig.github.requests) > asked, began)
        model = await _moment(lambda: len(rig.claude.bodies) > spoken, began)
        worked = _processor_seconds(process.pid)
        await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [
        _row(f"job start to GitHub's first answer, {name}", github),
        _row(f"job start to the model's first request, {name}", model),
        _row(f"processor time until then, beside the SDK's import, {name}", worked - sdk, sdk),
    ]


def _processor_seconds(pid: int) -> float:
    """What a process has used so far, of all processors together."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _moment(happened: Callable[[], bool], began: float) -> float:
    while not happened():
        if time.perf_counter() - began > LIMIT:
            raise TimeoutError("the job did not come so far")
        await asyncio.sleep(0.002)
    return time.perf_counter() - began
