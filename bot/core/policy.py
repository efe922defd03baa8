"""Who may give which command."""

from dataclasses import dataclass

from bot.core.command_kinds import Command
from bot.core.commands import definition_of
from bot.core.repository import PERMISSIONS, Permission


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


def authorise(command: Command, permission: Permission) -> Allowed | Denied:
    """Compare what the person may do in the repository with what the command needs."""
    definition = definition_of(command)
    if PERMISSIONS.index(permission) >= PERMISSIONS.index(definition.who):
        return Allowed()
    has = "no access" if permission == "none" else f"`{permission}` access"
    return Denied(
        f"`/{definition.name}` needs `{definition.who}` access to this repository; you have {has}. "
        "Somebody with `admin` access can give it in the repository's settings."
    )
