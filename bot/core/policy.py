"""Who may give which command: by permission, by the repository's rules, by what somebody was lent."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.command_kinds import Command, Custom
from bot.core.command_list import COMMANDS
from bot.core.commands import definition_of
from bot.core.config import Permissions
from bot.core.people import Delegation
from bot.core.repository import PERMISSIONS, Permission

OWN_COMMAND: Permission = "write"
"""What a repository's own commands need."""
NOT_LENT = frozenset({"delegate", "pause", "unpause"})
"""Commands about people and about the whole repository; what is lent holds on one issue."""
SHOWN = 5
"""Teams and people of a rule that a refusal names."""
SAFE = frozenset({"cancel", "pause"})
"""Commands that only stop something: they work even where the settings cannot be read."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Go on."""


@dataclass(frozen=True, slots=True)
class Denied:
    """`reason` is a sentence that follows the person's name."""

    reason: str


def may_write(permission: Permission) -> bool:
    """Whether somebody's review may start work."""
    return PERMISSIONS.index(permission) >= PERMISSIONS.index("write")


@dataclass(frozen=True, slots=True)
class Requirement:
    """What somebody must have to give a command, or to set a label that gives it; `rule` names the setting, if any."""

    name: str
    """Of the command, without the slash."""
    level: Permission
    shown: str
    """The command, or the label, as people write it."""
    rule: str = ""
    teams: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


def name_of(command: Command) -> str:
    """A command's name, without the slash."""
    return command.name if isinstance(command, Custom) else definition_of(command).name


def changes_nothing(name: str) -> bool:
    """Whether a command only shows something; `/memory` asks for more where it changes something."""
    return _level(name) == "read" and name != "memory"


def _level(name: str) -> Permission:
    return next((definition.who for definition in COMMANDS if definition.name == name), OWN_COMMAND)


def requirement(name: str, rules: Permissions, label: str = "") -> Requirement:
    """What a command needs; a rule for the label that gave it comes before one for the command."""
    level = _level(name)
    shown = f"the label `{label}`" if label else f"`/{name}`"
    for kind, key, known in (("labels", label.lower(), rules.labels), ("commands", name, rules.commands)):
        if key and (rule := known.get(key)):
            at = f"permissions.{kind}.{key}"
            return Requirement(name, rule.permission or level, shown, at, rule.teams, rule.users)
    return Requirement(name, level, shown)


def authorise(
    need: Requirement, login: str, permission: Permission, *, team: str = "", lent: Sequence[Delegation] = ()
) -> Allowed | Denied:
    """Compare what the person may do, is in (`team`, one of those the rule names) and was lent with what is needed."""
    named = login.lower() in {user.lower() for user in need.users}
    borrowed = any(delegation.login.lower() == login.lower() and covers(delegation, need) for delegation in lent)
    if enough(permission, need.level) or named or team in need.teams or borrowed:
        return Allowed()
    return Denied(_reason(need, login, permission))


def enough(permission: Permission, level: Permission) -> bool:
    """Whether the permission is the level, or more."""
    return PERMISSIONS.index(permission) >= PERMISSIONS.index(level)


def covers(delegation: Delegation, need: Requirement) -> bool:
    """Whether what was lent is this: the command by its name, or any that needs no more than write."""
    if need.name in NOT_LENT:
        return False
    return delegation.command == need.name or (not delegation.command and enough("write", need.level))


def _reason(need: Requirement, login: str, permission: Permission) -> str:
    has = "no access" if permission == "none" else f"`{permission}` access"
    others = [f", or the team `{team}`" for team in need.teams] + [f", or to be `{u}`" for u in need.users]
    lines = [f"{need.shown} needs `{need.level}` access to this repository{''.join(others[:SHOWN])}; you have {has}."]
    lines += [f"The rule is `{need.rule}` in `.github/devflow.yml`."] if need.rule else []
    lines += ["", "Somebody with `admin` access can give it in the repository's settings."]
    lines += [f"A maintainer can lend it here: `/delegate @{login} {need.name}`"] if need.name not in NOT_LENT else []
    return "\n".join(lines)
