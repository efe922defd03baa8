"""Decisions at a gate: `/approve`, `/reject`, `/answer`."""

from bot.answers.desk import Desk
from bot.core.command_kinds import Answer, Approve, Reject
from bot.core.errors import BotError
from bot.starting import Ask


async def approve(desk: Desk, ask: Ask, command: Approve) -> str:
    raise BotError("`/approve` cannot be answered yet.")


async def reject(desk: Desk, ask: Ask, command: Reject) -> str:
    raise BotError("`/reject` cannot be answered yet.")


async def answer(desk: Desk, ask: Ask, command: Answer) -> str:
    raise BotError("`/answer` cannot be answered yet.")
