"""Who may give which command, and what those hear who may not."""

from typing import get_args

import pytest
from inline_snapshot import snapshot

from bot.core.command_kinds import Cancel, Command, DevWorkflow, Help, Ping, Planning, Status
from bot.core.command_list import COMMANDS
from bot.core.commands import definition_of
from bot.core.policy import Allowed, Denied, authorise
from bot.core.repository import PERMISSIONS, Permission

BUILD = DevWorkflow("", "", "quick", None, None, 1)
PLAN = Planning("implementation", "", "", None, None)


@pytest.mark.parametrize(
    ("command", "least"),
    [(BUILD, "write"), (PLAN, "write"), (Cancel(), "write"), (Status(), "read"), (Help(), "read"), (Ping(), "read")],
)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_command_needs_a_least_permission(command: Command, least: Permission, permission: Permission) -> None:
    """Everybody from there up may, everybody below may not."""
    enough = PERMISSIONS.index(permission) >= PERMISSIONS.index(least)
    assert isinstance(authorise(command, permission), Allowed if enough else Denied)


def test_what_costs_money_or_stops_work_is_never_for_readers() -> None:
    """Whatever commands there will be: only these show things and change nothing."""
    assert {c.name for c in COMMANDS if PERMISSIONS.index(c.who) < PERMISSIONS.index("write")} == {
        "status",
        "agents",
        "help",
        "ping",
    }


def test_every_command_has_its_own_definition() -> None:
    """No two share a type, so permission cannot be looked up under the wrong name."""
    assert len({definition.kind for definition in COMMANDS}) == len(COMMANDS)
    assert [definition_of(c).name for c in (BUILD, PLAN, Cancel())] == ["dev-workflow", "planning", "cancel"]
    assert {definition.kind for definition in COMMANDS} == set(get_args(Command))


@pytest.mark.parametrize("permission", ["read", "none"])
def test_a_refusal_says_what_is_there_what_is_needed_and_who_gives_it(permission: Permission) -> None:
    """The person reads why, and whom to ask."""
    answer = authorise(BUILD, permission)
    assert isinstance(answer, Denied)
    has = "no access" if permission == "none" else "`read` access"
    assert has in answer.reason
    assert "`write`" in answer.reason


def test_the_words_of_a_refusal() -> None:
    """They follow the person's name."""
    assert authorise(BUILD, "read") == snapshot(
        Denied(
            reason="`/dev-workflow` needs `write` access to this repository; you have `read` access. Somebody with `admin` access can give it in the repository's settings."  # noqa: E501
        )
    )
