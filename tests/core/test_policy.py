"""Who may give which command, and what those hear who may not."""

from datetime import UTC, datetime
from typing import get_args

import pytest
from inline_snapshot import snapshot

from bot.core.command_kinds import Cancel, Command, Custom, DevWorkflow, Planning
from bot.core.command_list import COMMANDS
from bot.core.commands import definition_of
from bot.core.config import Permissions, Rule
from bot.core.people import Delegation
from bot.core.policy import Allowed, Denied, authorise, changes_nothing, name_of, requirement
from bot.core.repository import PERMISSIONS, Permission, Repo

BUILD = DevWorkflow("", "", "quick", None, None, 1)
PLAN = Planning("implementation", "", "", None, None)
NO_RULES = Permissions()


def may(name: str, permission: Permission, rules: Permissions = NO_RULES, *, label: str = "", team: str = "") -> bool:
    """Whether Ada may."""
    return isinstance(authorise(requirement(name, rules, label), "Ada", permission, team=team), Allowed)


def lent(command: str = "", login: str = "ada") -> Delegation:
    return Delegation(Repo("acme", "widget"), 7, login, command, "boss", datetime(2026, 5, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("dev-workflow", "write"),
        ("planning", "write"),
        ("cancel", "write"),
        ("delegate", "maintain"),
        ("pause", "maintain"),
        ("status", "read"),
        ("help", "read"),
        ("our-own", "write"),
    ],
)
@pytest.mark.parametrize("permission", PERMISSIONS)
def test_a_command_needs_a_least_permission(name: str, least: Permission, permission: Permission) -> None:
    """Everybody from there up may, everybody below may not; a repository's own commands need write."""
    assert may(name, permission) == (PERMISSIONS.index(permission) >= PERMISSIONS.index(least))


def test_what_costs_money_or_stops_work_is_never_for_readers() -> None:
    """Whatever commands there will be: only these show things and change nothing."""
    assert {c.name for c in COMMANDS if changes_nothing(c.name)} == {"status", "agents", "help", "ping"}
    assert not changes_nothing("our-own")


def test_every_command_has_its_own_definition() -> None:
    """No two share a type, so permission cannot be looked up under the wrong name."""
    assert len({definition.kind for definition in COMMANDS}) == len(COMMANDS)
    assert [name_of(c) for c in (BUILD, PLAN, Cancel())] == ["dev-workflow", "planning", "cancel"]
    assert definition_of(BUILD).name == "dev-workflow"
    assert name_of(Custom("ship", "", "")) == "ship"
    assert {definition.kind for definition in COMMANDS} == {*get_args(Command)} - {Custom}


def test_a_rule_replaces_the_permission() -> None:
    """Upwards and downwards; other commands keep theirs."""
    rules = Permissions(commands={"dev-workflow": Rule(permission="maintain"), "cancel": Rule(permission="read")})
    assert [may("dev-workflow", level, rules) for level in ("write", "maintain")] == [False, True]
    assert [may("cancel", level, rules) for level in ("none", "read")] == [False, True]
    assert [may("retry", level, rules) for level in ("triage", "write")] == [False, True]


def test_teams_and_people_come_on_top() -> None:
    """A rule without a permission keeps the command's own; logins have no case."""
    rules = Permissions(commands={"cancel": Rule(teams=("core",)), "retry": Rule(users=("ADA",))})
    assert may("cancel", "read", rules, team="core")
    assert not may("cancel", "read", rules, team="other")
    assert may("cancel", "write", rules)
    assert may("retry", "none", rules)
    assert not may("resume", "none", rules, team="core")


def test_a_label_has_a_rule_of_its_own() -> None:
    """Else that of its command."""
    rules = Permissions(
        commands={"planning": Rule(permission="admin")}, labels={"devflow:dev-workflow": Rule(permission="triage")}
    )
    assert may("dev-workflow", "triage", rules, label="devflow:dev-workflow")
    assert may("dev-workflow", "triage", rules, label="Devflow:Dev-Workflow")
    assert not may("dev-workflow", "triage", rules)
    assert not may("planning", "write", rules, label="devflow:planning")


@pytest.mark.parametrize(
    ("command", "name", "allowed"),
    [
        ("", "cancel", True),
        ("", "delegate", False),
        ("", "our-own", True),
        ("cancel", "cancel", True),
        ("cancel", "retry", False),
        ("pause", "pause", False),
        ("delegate", "delegate", False),
    ],
)
def test_what_is_lent(command: str, name: str, allowed: bool) -> None:
    """One command, or all that need write; never what is about the whole repository."""
    answer = authorise(requirement(name, NO_RULES), "Ada", "read", lent=[lent(command)])
    assert isinstance(answer, Allowed) == allowed
    assert isinstance(authorise(requirement(name, NO_RULES), "Ada", "read", lent=[lent(command, "eve")]), Denied)


def test_what_is_lent_does_not_reach_beyond_write() -> None:
    """Where a rule asks for more, the command must be named."""
    need = requirement("cancel", Permissions(commands={"cancel": Rule(permission="admin")}))
    assert isinstance(authorise(need, "ada", "read", lent=[lent()]), Denied)
    assert isinstance(authorise(need, "ada", "read", lent=[lent("cancel")]), Allowed)


@pytest.mark.parametrize("permission", ["read", "none"])
def test_a_refusal_says_what_is_there_what_is_needed_and_who_gives_it(permission: Permission) -> None:
    """The person reads why, and whom to ask."""
    answer = authorise(requirement("dev-workflow", NO_RULES), "ada", permission)
    assert isinstance(answer, Denied)
    has = "no access" if permission == "none" else "`read` access"
    assert has in answer.reason
    assert "`write`" in answer.reason


def test_the_words_of_a_refusal() -> None:
    """They follow the person's name, and name the rule; nobody is pinged by them."""
    rules = Permissions(commands={"cancel": Rule(permission="maintain", teams=("core",), users=("bob",))})
    needs = [requirement("dev-workflow", rules), requirement("cancel", rules), requirement("pause", rules)]
    answers = [authorise(need, "ada", "read") for need in needs]
    assert [answer.reason for answer in answers if isinstance(answer, Denied)] == snapshot(
        [
            """\
`/dev-workflow` needs `write` access to this repository; you have `read` access.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @ada dev-workflow`\
""",
            """\
`/cancel` needs `maintain` access to this repository, or the team `core`, or to be `bob`; you have `read` access.
The rule is `permissions.commands.cancel` in `.github/devflow.yml`.

Somebody with `admin` access can give it in the repository's settings.
A maintainer can lend it here: `/delegate @ada cancel`\
""",
            """\
`/pause` needs `maintain` access to this repository; you have `read` access.

Somebody with `admin` access can give it in the repository's settings.\
""",
        ]
    )
