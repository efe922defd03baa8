"""A repository's own tests: found, installed once, run on exactly one tree, and believed only so far."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from inline_snapshot import snapshot

from bot.adapters.sandbox.refusing import NoSandbox
from bot.core.config_reading import ConfigError
from bot.core.repository import Repo, Sha
from bot.core.testplan import TestRun
from bot.ports import Checkout, Ports
from bot.testing import TestBench, from_json, read_text, run_tests, set_up, to_json
from tests.samples import RUN
from tests.scenarios.rig import REPO, Rig, parts

CONFIG = ".github/devflow.yml"
NO_TESTS: dict[str, bytes | str | None] = {"tests/__init__.py": None, "tests/test_widget.py": None}


@dataclass
class Bench:
    """A checkout of the widget as some commit has it."""

    ports: Ports
    checkout: Checkout
    tree: Sha

    async def set_up(self, *, network: bool = False) -> TestBench:
        return await set_up(self.ports, self.checkout, network=network)

    async def run(self) -> TestRun:
        """Set up, and run the tests on the files as they were at first."""
        return await run_tests(self.ports, self.checkout, self.tree, await self.set_up())

    def write(self, path: str, text: str) -> None:
        (self.checkout.root / path).write_text(text)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """GitHub with the widget, and the parts that check it out."""
    async with parts(tmp_path) as made:
        yield made


async def checked_out(rig: Rig, files: dict[str, bytes | str | None] | None = None, **ports: object) -> Bench:
    """The widget with these files, on this machine."""
    if files:
        rig.github.push(REPO, "main", files, "Change it", by="maintainer")
    wired: Ports = replace(rig.bot.ports, **ports)  # type: ignore[arg-type]
    base = rig.github.commit(REPO, "main").sha
    repo = Repo.parse(REPO)
    checkout = await wired.workspaces.open(RUN, *await wired.github.git_credentials(repo), base)
    return Bench(wired, checkout, await wired.workspaces.tree(checkout))


async def test_tests_are_found_and_run(rig: Rig) -> None:
    """What was counted, on which tree, how it ended."""
    bench = await checked_out(rig)
    run = await bench.run()
    assert (run.state, run.exit_code, run.passed, run.failed, run.tree) == ("passed", 0, 1, 0, bench.tree)
    assert "python3 -m unittest" in run.command
    assert from_json(to_json(run)) == run


async def test_tests_run_on_the_tree_and_not_on_what_lies_around(rig: Rig) -> None:
    """Files that were changed since are put back first."""
    bench = await checked_out(rig)
    bench.write("widget.py", "raise SystemExit(1)\n")
    assert (await bench.run()).state == "passed"


async def test_red_tests_are_red(rig: Rig) -> None:
    """With what they printed."""
    bench = await checked_out(rig, {"widget.py": 'def color():\n    return "black"\n'})
    run = await bench.run()
    assert (run.state, run.exit_code, run.passed, run.failed) == ("failed", 1, 0, 1)
    assert "AssertionError: 'black' != 'white'" in run.output


async def test_no_tests_are_no_proof(rig: Rig) -> None:
    """Neither a repository without tests nor a command that runs none has passed."""
    none = await (await checked_out(rig, NO_TESTS)).run()
    assert (none.state, none.command, none.reason) == ("none_found", "", "no tests found")
    await rig.bot.ports.workspaces.drop(RUN)
    silent = await checked_out(rig, {CONFIG: "test:\n  run: echo no tests ran\n"})
    run = await silent.run()
    assert (run.state, run.reason) == ("none_found", "no tests found: `echo no tests ran` ran none")


async def test_tests_that_an_agent_added_are_found_later(rig: Rig) -> None:
    """A repository that had none may have some now."""
    bench = await checked_out(rig, NO_TESTS)
    before = await bench.set_up()
    assert before.plan is None
    bench.write(
        "test_new.py", "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_it(self):\n        pass\n"
    )
    tree = await bench.ports.workspaces.tree(bench.checkout)
    assert (await run_tests(bench.ports, bench.checkout, tree, before)).passed == 1


async def test_the_config_says_how(rig: Rig) -> None:
    """Before anything that could be found out."""
    config = "test:\n  install: echo made > /env/made\n  run: cat /env/made && echo '3 passed in 1s'\n"
    run = await (await checked_out(rig, {CONFIG: config})).run()
    assert (run.state, run.passed, run.output) == ("passed", 3, "made\n3 passed in 1s\n")


async def test_a_wrong_config_is_named_with_its_place(rig: Rig) -> None:
    """The maintainer can go to the line."""
    bench = await checked_out(rig, {CONFIG: "test:\n  runs: make\n"})
    with pytest.raises(ConfigError) as caught:
        await bench.set_up()
    assert str(caught.value) == snapshot(".github/devflow.yml:2:3: unknown key `runs`. Did you mean `run`?")


async def test_the_install_step_runs_once(rig: Rig) -> None:
    """Phases that come later, and a worker that takes over, find what it made."""
    config = "test:\n  install: echo x >> /env/count\n  run: test $(wc -l < /env/count) = 1 && echo '1 passed'\n"
    bench = await checked_out(rig, {CONFIG: config})
    await bench.set_up()
    assert (await bench.run()).state == "passed"


async def test_an_install_step_that_fails_is_told_with_its_last_words(rig: Rig) -> None:
    """Nothing was proven; the reason names the command, its end, and the network if that is off."""
    config = "test:\n  install: echo no such package; exit 3\n  run: 'true'\n"
    bench = await checked_out(rig, {CONFIG: config})
    offline = await bench.run()
    assert (offline.state, offline.exit_code) == ("not_run", None)
    assert offline.reason.split(". ") == snapshot(
        [
            "the install step `echo no such package; exit 3` ended with 3: no such package",
            "The network is off for the install step; `DEVFLOW_INSTALL_NETWORK=true` allows it.",
        ]
    )
    again = await bench.run()
    assert again.reason == offline.reason


async def test_the_tests_cannot_change_what_was_installed(rig: Rig) -> None:
    """An agent's code must not touch the environment of the next run."""
    if rig.bot.ports.sandbox.name != "bubblewrap":
        pytest.skip("only a sandbox can hold that")
    config = "test:\n  install: echo made > /env/made\n  run: echo changed > /env/made\n"
    bench = await checked_out(rig, {CONFIG: config})
    assert (await bench.run()).exit_code != 0
    assert (bench.checkout.root.parent / "env" / "made").read_text() == "made\n"


async def test_without_a_sandbox_nothing_is_run(rig: Rig) -> None:
    """The tests are reported as not run, with the reason, and the install step is not tried."""
    config = "test:\n  install: echo x > /env/made\n  run: 'true'\n"
    bench = await checked_out(rig, {CONFIG: config}, sandbox=NoSandbox("bubblewrap is missing."))
    run = await bench.run()
    assert (run.state, run.reason, run.sandbox) == ("not_run", "bubblewrap is missing.", "unavailable")
    assert not (bench.checkout.root.parent / "env" / "made").exists()


async def test_a_link_is_not_read(rig: Rig) -> None:
    """A config or a guide that points somewhere else on this machine is as good as missing."""
    bench = await checked_out(rig)
    (bench.checkout.root / "AGENTS.md").symlink_to("/etc/passwd")
    assert read_text(bench.checkout, "AGENTS.md") is None
    assert read_text(bench.checkout, "missing.md") is None
    assert read_text(bench.checkout, "README.md") == "# widget\n"
    bench.write("large.md", "x" * 200_001)
    assert read_text(bench.checkout, "large.md") is None


def test_a_run_of_tests_survives_the_store() -> None:
    """Every field, whatever is in the output."""
    run = TestRun("make", "failed", 2, 0.5, None, 3, "\x00\U0001f600 'quoted'\n", "", "a" * 40, "bubblewrap")
    assert from_json(to_json(run)) == run
