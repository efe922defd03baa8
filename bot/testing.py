"""Runs a repository's own tests in the sandbox, and says what that proved."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.core.config import CONFIG_PATH, Config
from bot.core.config_reading import parse_config
from bot.core.repository import Sha
from bot.core.testplan import TestPlan, TestRun, find_test_plan, judge_output, telling_lines
from bot.pip import host_environment
from bot.ports import Checkout, Ports, SandboxError, SandboxLimits
from bot.tools.errors import ToolError
from bot.tools.openat import regular_file

READ_LIMIT = 200_000
INSTALL_LIMITS = SandboxLimits(seconds=900, memory_mb=4096, file_mb=1024)
TEST_LIMITS = SandboxLimits(seconds=900, memory_mb=4096)


@dataclass(frozen=True, slots=True)
class TestBench:
    """How the tests of one run are run; `problem` says why they cannot be. `env` is what the install step made."""

    __test__ = False

    plan: TestPlan | None
    env: Path
    problem: str = ""


def read_text(checkout: Checkout, path: str) -> str | None:
    """A small file of the checkout as text; None if it is missing, too large, or reached through a link."""
    try:
        with regular_file(checkout.root, path) as fd, os.fdopen(os.dup(fd), "rb") as file:
            content = file.read(READ_LIMIT + 1)
    except (ToolError, OSError):
        return None
    return content.decode("utf-8", "replace") if len(content) <= READ_LIMIT else None


def env_of(checkout: Checkout) -> Path:
    """The folder beside the checkout that the install step may fill."""
    env = checkout.root.parent / "env"
    env.mkdir(exist_ok=True)
    return env


async def set_up(ports: Ports, checkout: Checkout, *, network: bool) -> TestBench:
    """Find the tests and run their install step, once for each run. The checkout must be at the base commit:
    what runs here with the network is only code that the maintainers already have."""
    env = env_of(checkout)
    plan = await find_plan(ports, checkout)
    if plan is None:
        return TestBench(None, env)
    if problem := ports.sandbox.available():
        return TestBench(plan, env, problem)
    done = env / ".installed.json"
    if plan.install and not done.exists():
        problem = await _install(ports, checkout, plan, env, network=network)
        written = done.with_suffix(".new")
        written.write_text(json.dumps({"problem": problem}))
        written.replace(done)
    return TestBench(plan, env, json.loads(done.read_text())["problem"] if done.exists() else "")


async def find_plan(ports: Ports, checkout: Checkout) -> TestPlan | None:
    """What the repository's config says, else what its files show."""
    config = parse_config(read_text(checkout, CONFIG_PATH) or "")
    files = await ports.workspaces.files(checkout)
    return _configured(config) or find_test_plan(files, lambda path: read_text(checkout, path))


def _configured(config: Config) -> TestPlan | None:
    return TestPlan(config.test.run, config.test.install, CONFIG_PATH) if config.test.run else None


async def _install(ports: Ports, checkout: Checkout, plan: TestPlan, env: Path, *, network: bool) -> str:
    try:
        argv = ["/bin/sh", "-c", plan.install]
        result = await ports.sandbox.run(
            argv,
            checkout=checkout.root,
            limits=INSTALL_LIMITS,
            network=network,
            env=host_environment(os.environ),
            extra=env,
            extra_writable=True,
        )
    except SandboxError as error:
        return f"the sandbox did not start: {error}"
    if result.exit_code == 0:
        return ""
    last = telling_lines(result.output)
    offline = "" if network else " The network is off for the install step; `DEVFLOW_INSTALL_NETWORK=true` allows it."
    command = plan.install if len(plan.install) <= 200 else plan.install[:199] + "…"
    return f"the install step `{command}` ended with {result.exit_code}: {' / '.join(last).removesuffix('.')}.{offline}"


async def run_tests(ports: Ports, checkout: Checkout, tree: Sha, bench: TestBench) -> TestRun:
    """Run the tests on exactly this tree."""
    await ports.workspaces.restore(checkout, tree)
    plan = bench.plan or await find_plan(ports, checkout)
    if plan is None:
        return TestRun("", "none_found", None, 0.0, None, None, "", "no tests found", tree, ports.sandbox.name)
    problem = bench.problem or ports.sandbox.available()
    if problem:
        return TestRun(plan.run, "not_run", None, 0.0, None, None, "", problem, tree, ports.sandbox.name)
    try:
        argv = ["/bin/sh", "-c", plan.run]
        result = await ports.sandbox.run(argv, checkout=checkout.root, limits=TEST_LIMITS, extra=bench.env)
    except SandboxError as error:
        return TestRun(plan.run, "not_run", None, 0.0, None, None, "", str(error), tree, ports.sandbox.name)
    state, passed, failed = judge_output(result.exit_code, result.output)
    reason = f"stopped after {result.seconds:.0f} s" if result.timed_out else ""
    if state == "none_found":
        reason = f"no tests found: `{plan.run}` ran none"
    return TestRun(
        plan.run,
        state,
        result.exit_code,
        result.seconds,
        passed,
        failed,
        result.output,
        reason,
        tree,
        ports.sandbox.name,
    )


def to_json(run: TestRun) -> str:
    return json.dumps(asdict(run))


def from_json(text: str) -> TestRun:
    return TestRun(**json.loads(text))
