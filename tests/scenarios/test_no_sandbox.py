"""A machine without a sandbox: the work is done, and nothing is claimed that was not run."""

import pytest

from tests.scenarios.rig import Rig

NO_ENGINE = {"sandbox": "container", "container_command": "/opt/none/podman"}


@pytest.mark.slow
@pytest.mark.parametrize("bot", [NO_ENGINE], indirect=True)
async def test_without_a_sandbox_the_tests_are_reported_as_not_run(bot: Rig) -> None:
    """The change is there as a draft; the reason and what to install are told, and no success is."""
    bot.issue(7, title="Dark mode", body="Please.")
    bot.plays("dark-mode")
    await bot.comment("/dev-workflow", on=7, by="maintainer")
    state, reason = await bot.ended()
    said = (
        "not run: DEVFLOW_CONTAINER_COMMAND names '/opt/none/podman', which is not installed: "
        "install it, as with `apt-get install podman`, or name another."
    )
    assert (state, reason) == ("unproven", f"Tests: {said}")
    pull = bot.pull_request()
    assert pull.draft
    assert pull.body.startswith("> [!WARNING]\n> Nothing proves this change.")
    assert f"| Tests | {said} |" in pull.body
    assert set(bot.files(pull)) >= {"theme.css"}, "the work was done"
    assert bot.read_all()[0].startswith("### ⚠️ Done, but nothing proves it: #2\n")
