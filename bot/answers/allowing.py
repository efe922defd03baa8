"""Whether somebody may give a command: GitHub, the repository's settings and what was lent are asked, in that order."""

from bot.answers.desk import Desk
from bot.core.config import Permissions
from bot.core.config_reading import ConfigError
from bot.core.policy import SAFE, Allowed, Denied, Requirement, authorise, changes_nothing, requirement
from bot.core.repository import Permission
from bot.ports import GitHubError
from bot.starting import Ask


async def may(desk: Desk, ask: Ask, name: str) -> Allowed | Denied:
    """The settings hold as the default branch has them now. Raises `ConfigError` where they cannot be read, but not
    for commands that show something or stop something."""
    permission = await desk.ports.github.permission(ask.repo, ask.author)
    try:
        rules = (await desk.config(ask.repo)).permissions
    except ConfigError:
        answer = await decided(desk, ask, requirement(name, Permissions(), ask.label), permission)
        if isinstance(answer, Allowed) and not (changes_nothing(name) or name in SAFE):
            raise
        return answer
    return await decided(desk, ask, requirement(name, rules, ask.label), permission)


async def decided(desk: Desk, ask: Ask, need: Requirement, permission: Permission) -> Allowed | Denied:
    """Whether the person has what is needed, or was lent it."""
    answer = authorise(need, ask.author, permission)
    if isinstance(answer, Allowed):
        return answer
    lent = await desk.ports.store.delegations(ask.repo, ask.issue.number)
    if isinstance(authorise(need, ask.author, permission, lent=lent), Allowed):
        return Allowed()
    for team in need.teams:
        try:
            if await desk.ports.github.is_team_member(ask.repo, team, ask.author):
                return Allowed()
        except GitHubError as error:
            if not 400 <= error.status < 500:
                raise
            return Denied(f"{answer.reason}\n\nWho is in the team `{team}` could not be asked: {error}")
    return answer
