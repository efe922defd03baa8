"""What the engine makes of a command before anything is started."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from bot.core.commands import DevWorkflow, parse_comment
from bot.engine import AGAIN_LIMIT, command_again, make_run_id

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
