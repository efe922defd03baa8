"""Words and numbers as people read them; foreign words are cleaned before they get into a text."""

from bot.core.conversation import Usage
from bot.core.evidence import Evidence
from bot.core.partial import Stop
from bot.core.runs import Run
from bot.core.text import (
    clean_untrusted,
    close_blocks,
    fence,
    neutralise_mentions,
    redact_secrets,
    truncate_middle,
)

STATES = {"ok": "✅", "note": "ℹ️", "unknown": "⚠️", "fail": "❌"}
TITLES = {"delivery": "pull request", "testplan": "test plan"}


def title_of(run: Run, phase: str) -> str:
    """What people call a phase of a run."""
    if phase == "delivery" and run.plan.dry_run:
        return "change"
    return TITLES.get(phase, phase)


def safe(text: str) -> str:
    """Foreign words, fit to be posted: no hidden characters, HTML comments, secrets, pings or closing keywords."""
    return neutralise_mentions(redact_secrets(clean_untrusted(text).text))


def whole(text: str, limit: int | None = None) -> str:
    """Foreign Markdown that swallows nothing of what we write below it, with its middle cut out at `limit`."""
    cleaned = safe(text)
    return close_blocks(cleaned if limit is None else truncate_middle(cleaned, limit))


def cell(text: str) -> str:
    """Foreign words, fit for one cell of a table."""
    return " ".join(safe(text).split()).replace("|", "\\|")


def duration(seconds: float | None) -> str:
    """`47 s`, `3 min 20 s`, `2 h 5 min`; a dash for nothing."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole >= 10 or seconds == whole else f"{seconds:.1f} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def tokens(usage: Usage) -> str:
    """`12.3k`, all kinds together."""
    return f"{usage.total / 1000:.1f}k" if usage.total >= 1000 else str(usage.total)


def money(usd: float) -> str:
    return f"${usd:.2f}" if usd >= 0.01 or usd == 0 else "<$0.01"


def sentence(text: str) -> str:
    """Foreign or measured words as a sentence with its full stop."""
    cleaned = safe(text).strip()
    return cleaned if not cleaned or cleaned[-1] in ".!?)`" else cleaned + "."


def again_lines(run: Run, stop: Stop | None = None, *, begun: bool = True) -> list[str]:
    """The command that goes on from where the run stopped, to be copied with one touch; with money if that helps.

    A run of which nothing is done is asked for again with its own words, which may have to be changed.
    """
    if stop and stop.more_usd:
        more = max(stop.more_usd - run.plan.budget_usd, 0.01)
        return ["To go on with a higher budget, comment this:", "", fence(f"/budget +{more:g}", "text")]
    if not begun:
        asked = redact_secrets(clean_untrusted(run.request.again).text).strip() or "/dev-workflow"
        return ["To try again, comment this:", "", fence(asked, "text")]
    command = "/resume" if run.state == "cancelled" else "/retry"
    return ["To go on from where it stopped, comment this:", "", fence(command, "text")]


def evidence_table(evidence: Evidence) -> str:
    """What the program checked itself, as Markdown."""
    rows = [f"| {STATES[row.state]} | {row.check} | {cell(row.found)} |" for row in evidence.rows]
    return "\n".join(["| | check | found |", "|---|---|---|", *rows])
