"""What the engine makes of a command before anything is started."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.command_kinds import DevWorkflow
from bot.core.commands import parse_comment
from bot.core.events import CommentPosted
from bot.core.repository import Issue, Repo
from bot.starting import AGAIN_LIMIT, command_again, make_run_id
from tests.samples import RUN, a_request, a_run
from tests.scenarios.rig import REPO, Rig, parts

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def the_command(text: str) -> DevWorkflow:
    """The one command of a comment."""
    (command,) = parse_comment(text)
    assert isinstance(command, DevWorkflow), command
    return command


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("/dev-workflow", snapshot("/dev-workflow")),
        ("/dev-workflow add it --budget 2.50 --base next", snapshot("/dev-workflow --budget 2.5 --base next add it")),
        (
            "/dev-workflow rename -- the flag --old to --new",
            snapshot("/dev-workflow -- rename the flag --old to --new"),
        ),
        (
            "/dev-workflow\nFirst line.\n\nSecond line.",
            snapshot("""\
/dev-workflow
First line.

Second line.\
"""),
        ),
        (
            "/dev-workflow --skip 'documentation, design' --comprehensive it --agents b,a",
            snapshot("/dev-workflow --comprehensive --agents b,a --skip documentation,design it"),
        ),
        ("/dev-workflow use `--strict` here", snapshot("/dev-workflow -- use `--strict` here")),
    ],
)
def test_a_command_can_be_given_again(text: str, again: str) -> None:
    """What is offered to be pasted means what was asked for."""
    command = the_command(text)
    offered = command_again(command)
    assert offered == again
    second = the_command(offered)
    assert (second.budget_usd, second.base) == (command.budget_usd, command.base)
    assert (second.mode, second.agents, second.skip) == (command.mode, command.agents, command.skip)
    assert " ".join(f"{second.description} {second.details}".split()) == " ".join(
        f"{command.description} {command.details}".split()
    )


def test_a_long_command_is_not_offered() -> None:
    """A comment is no place for it twice."""
    assert command_again(the_command("/dev-workflow " + "x" * AGAIN_LIMIT)) == ""


def test_the_same_command_has_the_same_run() -> None:
    """However often it is delivered; the second command of a comment has another."""
    assert make_run_id(NOON, 2_400_000_014, 0) == snapshot("260504-120000-13owbv2")
    assert make_run_id(NOON, 2_400_000_014, 1) == snapshot("260504-120000-13owbv2-1")
    assert make_run_id(NOON, 0, 0) == "260504-120000-0"


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.timedeltas(timedelta(seconds=1), timedelta(days=3000)))
def test_runs_sort_by_time_and_differ_by_comment(first: int, second: int, later: timedelta) -> None:
    """A list of names is a history; commands of one second are told apart."""
    assert make_run_id(NOON, first, 0) < make_run_id(NOON + later, second, 0)
    assert (make_run_id(NOON, first, 0) == make_run_id(NOON, second, 0)) == (first == second)


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Rig]:
    """GitHub with an issue, and an engine that is given events by hand."""
    async with parts(tmp_path) as rig:
        rig.issue(7)
        yield rig


def posted(rig: Rig, text: str, previous: str | None = None) -> CommentPosted:
    """The maintainer's comment on the issue, at noon."""
    number = rig.numbers[7][1]
    comment = rig.github.comment(REPO, number, text, by="maintainer")
    issue = Issue(number, "Dark mode", "Please.", "maintainer", "open", "")
    repo = Repo.parse(REPO)
    return CommentPosted(repo, issue, comment, "", "maintainer", False, text, previous, NOON, None)


async def test_two_edits_in_one_second_are_both_answered(bot: Rig) -> None:
    """GitHub counts in seconds; the same event again is still answered once."""
    first = posted(bot, "/ping")
    second = replace(first, text="/status", previous_text="/ping")
    for event in (first, second, second, first):
        await bot.bot.engine.handle(event)
    assert [text.split()[0] for text in bot.read_all()] == ["🏓", "No"]


async def test_a_run_of_another_repository_is_not_shown(bot: Rig) -> None:
    """Whoever may read one repository learns nothing of another by guessing names."""
    await bot.bot.store.add_run(a_run(repo=Repo("acme", "secret"), request=a_request(issue=1)))
    outcome = await bot.bot.engine.handle(posted(bot, f"/status {RUN}"))
    assert outcome == f"refused: There is no run `{RUN}` in this repository."
    assert "secret" not in bot.next_comment()
    await bot.bot.engine.handle(posted(bot, "/status"))
    assert bot.next_comment().startswith("No run has been started")


async def test_the_same_run_elsewhere_in_its_repository_is_shown(bot: Rig) -> None:
    """By its name, from any issue."""
    await bot.bot.store.add_run(a_run(repo=Repo.parse(REPO), request=a_request(issue=99), state="running"))
    await bot.bot.engine.handle(posted(bot, f"/status {RUN}"))
    assert RUN in bot.next_comment()


async def test_the_same_question_within_a_minute_is_answered_once(bot: Rig) -> None:
    """A second answer would say the same; in the next minute it may not, and somebody else hears it, too."""
    for later, who, answers in ((0, "maintainer", 1), (59, "maintainer", 0), (60, "maintainer", 1), (60, "reader", 1)):
        asked = replace(posted(bot, "/ping"), at=NOON + timedelta(seconds=later), author=who)
        assert await bot.bot.engine.handle(asked) == "answered"
        assert len(bot.read_all()) == answers


async def test_the_same_refusal_within_a_minute_is_told_once(bot: Rig) -> None:
    """Different reasons are different refusals."""
    for later, text, answers in ((0, "/cancel", 1), (59, "/cancel", 0), (59, "/retry", 1), (60, "/cancel", 1)):
        asked = replace(posted(bot, text), at=NOON + timedelta(seconds=later))
        assert (await bot.bot.engine.handle(asked)).startswith("refused: ")
        assert len(bot.read_all()) == answers


async def test_a_flood_of_questions_is_answered_in_part(bot: Rig) -> None:
    """Twelve in a minute, then one word about it; somebody else is still answered, and so is the next minute."""
    for number in range(15):
        await bot.bot.engine.handle(posted(bot, f"/help nothing-{number}"))
    answers = bot.read_all()
    assert (len(answers), answers[-1].startswith("😕 @maintainer That is too much in one minute.")) == (13, True)
    for event in (replace(posted(bot, "/ping"), author="reader"), replace(posted(bot, "/ping"), at=NOON + MINUTE)):
        await bot.bot.engine.handle(event)
        assert bot.next_comment().startswith("🏓")
