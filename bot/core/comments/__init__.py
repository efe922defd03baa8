"""Every text that people read on GitHub."""

from bot.core.comments.answers import (
    NO_RUN_HERE,
    agents_table,
    budget_raised,
    cancelled,
    denied,
    pong,
    refusal,
    why_team,
)
from bot.core.comments.checks import definition_comment
from bot.core.comments.common import (
    STATES,
    TITLES,
    again_lines,
    cell,
    duration,
    evidence_table,
    money,
    safe,
    sentence,
    tokens,
    whole,
)
from bot.core.comments.gates import changed_under, decided, edited_by, gate_comment, held, reminder, waits_for
from bot.core.comments.own import own_command_help, own_commands
from bot.core.comments.people import delegated, halted, paused, unpaused
from bot.core.comments.phases import EXPLAINED, phase_comment, test_output
from bot.core.comments.pulls import Unfinished, delivery_summary, pull_body, pull_title
from bot.core.comments.status import MARKS, NOTES, PLANNED, STOPPED, Progress, headline, spent, status_comment

__all__ = [
    "EXPLAINED",
    "MARKS",
    "NOTES",
    "NO_RUN_HERE",
    "PLANNED",
    "STATES",
    "STOPPED",
    "TITLES",
    "WAITING",
    "Progress",
    "Unfinished",
    "again_lines",
    "agents_table",
    "budget_raised",
    "cancelled",
    "cell",
    "changed_under",
    "decided",
    "definition_comment",
    "delegated",
    "delivery_summary",
    "denied",
    "duration",
    "edited_by",
    "evidence_table",
    "gate_comment",
    "halted",
    "headline",
    "held",
    "money",
    "own_command_help",
    "own_commands",
    "paused",
    "phase_comment",
    "pong",
    "pull_body",
    "pull_title",
    "refusal",
    "reminder",
    "safe",
    "sentence",
    "spent",
    "status_comment",
    "test_output",
    "tokens",
    "unpaused",
    "waits_for",
    "whole",
    "why_team",
]
