"""What the engine does for each command and each event, by type."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.answers import gates, memories, people, pull_events, pulls, starting, steering, stopping, telling
from bot.answers.custom import start_custom
from bot.answers.definition_checks import check_pull
from bot.answers.desk import Desk
from bot.core import command_kinds as kinds
from bot.core import events
from bot.starting import Ask

__all__ = ["ANSWERS", "HAPPENINGS", "Ask", "Desk"]

ANSWERS: Mapping[type[kinds.Command], Callable[[Desk, Ask, Any], Awaitable[str]]] = {
    kinds.DevWorkflow: starting.start,
    kinds.Planning: starting.start,
    kinds.Grooming: starting.start,
    kinds.Review: pulls.review,
    kinds.Revise: pulls.revise,
    kinds.Approve: gates.approve,
    kinds.Reject: gates.reject,
    kinds.Answer: gates.answer,
    kinds.Retry: steering.retry,
    kinds.Resume: steering.resume,
    kinds.Budget: steering.budget,
    kinds.Status: telling.status,
    kinds.Cancel: stopping.cancel,
    kinds.Agents: telling.agents,
    kinds.Memory: memories.memory,
    kinds.Delegate: people.delegate,
    kinds.Pause: people.pause,
    kinds.Unpause: people.unpause,
    kinds.Help: telling.help_,
    kinds.Ping: telling.ping,
    kinds.Custom: start_custom,
}
"""Each returns what was done in a word or two; it raises `BotError` for what cannot be done."""


async def _pull_opened(desk: Desk, event: events.PullOpened) -> str:
    return f"{await pull_events.pull_opened(desk, event)}, {await check_pull(desk, event)}"


HAPPENINGS: Mapping[type[events.Event], Callable[[Desk, Any], Awaitable[str]]] = {
    events.IssueUnlabeled: stopping.unlabeled,
    events.IssueClosed: stopping.closed,
    events.ReviewSubmitted: pull_events.reviewed,
    events.ReviewCommentPosted: pull_events.commented,
    events.ChecksFinished: pull_events.checks_finished,
    events.PullOpened: _pull_opened,
    events.PullUpdated: check_pull,
    events.PullClosed: pull_events.pull_closed,
}
"""Events that say something without a command. Those of bots get here, too, where `FROM_BOTS` has their type."""

FROM_BOTS: frozenset[type[events.Event]] = frozenset(
    {events.ReviewSubmitted, events.ReviewCommentPosted, events.ChecksFinished, events.PullOpened, events.PullClosed}
)
"""Events that count whoever caused them."""
