"""Every text that people read on GitHub."""

from bot.core.comments.answers import NO_RUN_HERE, cancelled, denied, pong, refusal
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
    "cancelled",
    "cell",
    "delivery_summary",
    "denied",
    "duration",
    "evidence_table",
    "headline",
    "money",
    "phase_comment",
    "pong",
    "pull_body",
    "pull_title",
    "refusal",
    "safe",
    "sentence",
    "spent",
    "status_comment",
    "test_output",
    "tokens",
    "whole",
]
