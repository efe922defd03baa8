"""`.github/devflow.yml` on the default branch says who may what, and what a run gets."""

import pytest
from inline_snapshot import snapshot

from tests.scenarios.pulls import opened
from tests.scenarios.rig import REPO, Rig

pytestmark = pytest.mark.slow

PATH = ".github/devflow.yml"
NO_RUN = "No run is at work on this issue."


def set_up(bot: Rig, text: str, *, branch: str = "main") -> None:
    """Put the settings on a branch."""
    bot.github.push(REPO, branch, {PATH: text}, "Set Devflow up", by="maintainer")


async def test_a_rule_lets_more_people_in(bot: Rig) -> None:
    """By permission, by team, by name; everybody else hears the rule."""
    bot.issue(7)
    bot.github.team("acme", "core", "reader")
    set_up(bot, "permissions: {commands: {cancel: {teams: [core]}, planning: {users: [Stranger]}}}")
    await bot.comment("/cancel", by="reader")
    assert NO_RUN in bot.next_comment()
    await bot.comment("/cancel", by="stranger")
    assert bot.next_comment() == snapshot("""\
🔒 @stranger `/cancel` needs `write` access to this repository, or the team `core`; you have `read` access.
The rule is `permissions.commands.cancel` in `.github/devflow.yml`.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @stranger cancel`\
""")
    bot.says("requirements", {"stop_reason": "refusal"})
    await bot.comment("/planning analysis", by="stranger")
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]
    set_up(bot, "permissions: {commands: {cancel: read}}")
    await bot.comment("/cancel", by="stranger")
    assert NO_RUN in bot.next_comment()


async def test_a_rule_keeps_people_out(bot: Rig) -> None:
    """Write is not enough any more; the refusal names the rule."""
    bot.issue(7)
    set_up(bot, "permissions: {commands: {dev-workflow: maintain}}")
    await bot.comment("/dev-workflow", by="maintainer")
    assert bot.next_comment() == snapshot("""\
🔒 @maintainer `/dev-workflow` needs `maintain` access to this repository; you have `write` access.
The rule is `permissions.commands.dev-workflow` in `.github/devflow.yml`.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @maintainer dev-workflow`\
""")
    await bot.nothing_happened()


async def test_a_label_has_a_rule_of_its_own(bot: Rig) -> None:
    """Whoever triages may start runs with it, and still not with the command."""
    number = bot.issue(7)
    bot.github.add_user("triager")
    bot.github.grant(REPO, "triager", "triage")
    set_up(bot, "permissions: {labels: {devflow:dev-workflow: triage, devflow:planning: maintain}}")
    await bot.comment("/dev-workflow", by="triager")
    assert "`/dev-workflow` needs `write` access" in bot.next_comment()
    bot.github.label(REPO, number, "devflow:planning", by="triager")
    await bot.settle()
    assert bot.next_comment() == snapshot("""\
🔒 @triager the label `devflow:planning` needs `maintain` access to this repository; you have `triage` access.
The rule is `permissions.labels.devflow:planning` in `.github/devflow.yml`.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @triager planning`\
""")
    bot.says("requirements", {"stop_reason": "refusal"})
    bot.github.label(REPO, number, "devflow:dev-workflow", by="triager")
    await bot.settle()
    assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_who_is_in_a_team_cannot_be_asked(bot: Rig) -> None:
    """Then nobody is taken for a member, and the reason is told."""
    bot.issue(7)
    set_up(bot, "permissions: {commands: {cancel: {teams: [core]}}}")
    bot.github.fails("GET", "/orgs/acme/teams/core/memberships/.*", status=403)
    await bot.comment("/cancel", by="reader")
    assert "Members: read" in bot.next_comment()
    await bot.nothing_happened()


async def test_settings_that_cannot_be_read_start_nothing(bot: Rig) -> None:
    """They might forbid it. What shows something or stops something works all the same."""
    bot.issue(7)
    set_up(bot, "permissions: {comands: {dev-workflow: admin}}\nautomation: of\n")
    await bot.comment("/dev-workflow")
    assert bot.next_comment() == snapshot("""\
😕 .github/devflow.yml:1:15: unknown key `comands`.

Did you mean `commands`? And 1 more: `devflow config --check` lists all.\
""")
    await bot.comment("/dev-workflow", by="stranger")
    assert bot.next_comment().startswith("🔒 @stranger `/dev-workflow` needs `write`")
    await bot.comment("/cancel")
    assert NO_RUN in bot.next_comment()
    await bot.comment("/status", by="stranger")
    assert bot.next_comment().startswith("No run has been started")
    await bot.nothing_happened()


async def test_only_the_default_branch_counts(bot: Rig) -> None:
    """A pull request cannot give its author anything before it is merged."""
    bot.issue(7)
    set_up(bot, "permissions: {commands: {cancel: read}}", branch="topic")
    pull = bot.github.open_pull(REPO, head="topic", base="main", title="Mine", body="", by="stranger")
    bot.numbers[8] = (REPO, pull)
    for place in (7, 8):
        await bot.comment("/cancel", on=place, by="stranger")
        assert bot.next_comment(on=place).startswith("🔒 @stranger `/cancel` needs `write`")
    await bot.nothing_happened()


async def test_what_a_run_gets_where_its_command_says_nothing(bot: Rig) -> None:
    """Budget and automation; a flag comes first."""
    bot.issue(7)
    set_up(bot, "automation: manual\nlimits: {budget_usd: 1.25}\n")
    for flags, expected in (("", (1.25, "manual")), (" --auto --budget 2", (2.0, "auto"))):
        bot.says("requirements", {"stop_reason": "refusal"})
        await bot.comment(f"/dev-workflow{flags}")
        plan = (await bot.last_run()).plan
        assert (plan.budget_usd, plan.automation) == expected
        assert bot.titles() == ["### ❌ Failed", "### ❌ Requirements"]


async def test_runs_on_pull_requests_follow_the_settings_too(bot: Rig) -> None:
    """Those of gates, and whether anything is remembered."""
    await opened(bot)
    set_up(bot, "gates: {remind_hours: 5, risk_paths: ['infra/**']}\nmemory: off\n")
    bot.says("revision", {"stop_reason": "refusal"})
    await bot.comment("/revise make it grey", on=8)
    plan = (await bot.last_run()).plan
    assert (plan.purpose, plan.remind_hours, plan.risk_paths, plan.memory) == ("revise", 5, ("infra/**",), "off")
    bot.read_all(8)
