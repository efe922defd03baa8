"""The one comment that is edited while a run goes on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.core.comments.common import again_lines, cell, duration, money, sentence, title_of, tokens
from bot.core.comments.estimates import beside_actual, expected_lines
from bot.core.comments.gates import WAITING
from bot.core.comments.revisions import outcome_line
from bot.core.conversation import Usage
from bot.core.partial import stop_of
from bot.core.pulse import Pulse
from bot.core.runs import ENDED, PhaseResult, PhaseState, Purpose, Run
from bot.core.text import clean_untrusted, inline_code, redact_secrets

MARKS: Mapping[PhaseState, str] = {"waiting": "⚪", "running": "🔵", "done": "✅", "failed": "❌", "skipped": "➖"}
STOPPED = "⏹️"
STALLED = "⏸️"
RENEWED = 300.0
"""Seconds after which the status comment is edited though nothing changed, as long as somebody is at work."""
NOTES = 10
ASKED = 3
PLANNED = """\
### ✅ Planned
Nothing was changed. `/dev-workflow` alone builds it as planned; with words of its own it plans anew."""
ANSWERED = """\
### ✅ Done
Nothing was changed: the answer stands below."""
GROOMED = """\
### ✅ Groomed
Nothing was changed. The issue is ready to be built: `/dev-workflow` reads the roadmap."""
LEFT: Mapping[Purpose, str] = {
    "plan": PLANNED,
    "groom": GROOMED,
    "review": "### ✅ Reviewed\nThe review stands in this pull request.",
    "revise": "### ✅ Revised\nWhat was changed stands below.",
}
"""What a run that went well says, by what it was for."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the status comment shows: the run, its phases so far, and what was used."""

    run: Run
    phases: Mapping[str, PhaseResult]
    usage: Usage
    usd: float
    now: datetime
    pull_url: str = ""
    exact: bool = True
    """False while a call is under way or lost: `usd` then counts what it can cost at most."""
    pulse: Pulse | None = None
    asked: Sequence[tuple[str, str, datetime]] = ()
    """(unit of work, agent, since when) of those that wait for the model."""
    comments: Mapping[str, int] = field(default_factory=dict)
    """The ids of the run's comments by their keys: a phase's has its name."""


def spent(progress: Progress) -> str:
    """What a run has cost, or can have cost at most."""
    return money(progress.usd) if progress.exact else f"up to {money(progress.usd)}"


def status_comment(progress: Progress, *, kept_true: bool = True) -> str:
    """The one comment that is edited while a run goes on; not `kept_true` for an answer, which stays as it is."""
    run = progress.run
    done = sum(1 for p in run.plan.phases if (r := progress.phases.get(p.name)) and r.state == "done")
    total = len(run.plan.phases)
    bar = "█" * round(done * 20 / total) + "░" * (20 - round(done * 20 / total))
    lines = [headline(progress, kept_true=kept_true), "", f"`{bar}` {done} of {total} phases", ""]
    lines += [
        "| | phase | agent | time | tokens | cost |",
        "|---|---|---|---:|---:|---:|",
        *(_phase_row(progress, phase.name, phase.agent) for phase in run.plan.phases),
    ]
    began, ended = run.created_at or progress.now, run.ended_at or progress.now
    elapsed = duration((ended - began).total_seconds())
    used = f"{tokens(progress.usage)} tokens{_cached(progress)}"
    lines += [
        "",
        f"Elapsed {elapsed} · {used} · {spent(progress)} of {money(run.plan.budget_usd)}"
        f"{beside_actual(run, progress.phases) if run.state in ENDED else ''}",
        *expected_lines(run, progress.phases),
        *_waits(progress),
        *_stalls(progress),
        *_notes(run),
    ]
    return "\n".join([*lines, *_footer(progress)])


def _cached(progress: Progress) -> str:
    share = round(100 * progress.usage.cached)
    return f" ({share} % of the prompts cached)" if share else ""


def _notes(run: Run) -> list[str]:
    """What is wrong with the repository's own agents."""
    notes = [f"> - {cell(note)}" for note in run.plan.notes[:NOTES]]
    more = len(run.plan.notes) - len(notes)
    notes += [f"> - ... and {more} more"] if more > 0 else []
    return (
        ["", "> [!WARNING]", "> Agents of this repository are not used as they are written:", *notes] if notes else []
    )


def headline(progress: Progress, *, kept_true: bool = True) -> str:
    """The first line of the status comment: what is true now."""
    run, link = progress.run, progress.pull_url
    if run.outcome and run.state in ENDED:
        return outcome_line(run.outcome, link, run.request.base)
    match run.state:
        case "queued":
            return (
                f"### 🕓 Queued\nAsked by @{run.request.requester}. "
                "It starts when no other run is at work in this repository."
            )
        case "running":
            return _at_work(progress, kept_true)
        case "waiting":
            return f"### {WAITING} Waiting for you\n{sentence(run.reason)}"
        case "succeeded" if run.plan.dry_run:
            return f"### ✅ Done, and nothing was pushed\nThe evidence holds. {for_real(run)}"
        case "succeeded":
            return _done(run, link)
        case "unproven":
            return f"### ⚠️ Done, but nothing proves it{': ' + link if link else ''}\n{sentence(run.reason)}"
        case "failed":
            where = f"\nThe work so far is in {link}." if link and run.plan.purpose == "build" else ""
            return f"### ❌ Failed\n{sentence(run.reason)}{where}"
        case "cancelled":
            return f"### {STOPPED} Cancelled\n{sentence(run.reason)}"


def _done(run: Run, link: str) -> str:
    """A pull request, or what else a run of its purpose leaves."""
    if run.plan.purpose == "custom" and not link:
        return ANSWERED
    if run.plan.purpose == "build" and not link:
        return "### ✅ Done: the pull request is yours to open\nThe evidence holds. The last comment has its link."
    return LEFT.get(run.plan.purpose) or f"### ✅ Done: {link}\nThe evidence holds. It stands in the pull request."


def _at_work(progress: Progress, kept_true: bool) -> str:
    """Nobody can edit the comment when the last worker is dead, so it says when it was true."""
    pulse = progress.pulse
    if pulse and pulse.stalled and pulse.stalled_since:
        return (
            f"### {STALLED} Stalled since {clock_time(pulse.stalled_since)}\nThe worker that was at it is gone. "
            "It is taken up again by itself, and what is done stays done. Stop it with `/cancel`."
        )
    renewed = f", renewed at least every {RENEWED / 60:.0f} minutes while somebody is at it" if kept_true else ""
    return f"### 🔵 At work\nAsked by @{progress.run.request.requester}. As of {clock_time(progress.now)}{renewed}."


def _waits(progress: Progress) -> list[str]:
    """Whom a run that is at work waits for, and since when."""
    if progress.run.state != "running" or not progress.asked:
        return []
    first = sorted(progress.asked, key=lambda one: one[2])
    shown = [f"`{agent}` in {unit} since {clock_time(since)}" for unit, agent, since in first[:ASKED]]
    more = [f"{len(first) - ASKED} more"] if len(first) > ASKED else []
    return [f"Waiting for the model: {', '.join([*shown, *more])}"]


def _stalls(progress: Progress) -> list[str]:
    pulse = progress.pulse
    if pulse is None or pulse.stalled_since is None or pulse.resumed_at is None:
        return []
    span = f"{clock_time(pulse.stalled_since)} to {clock_time(pulse.resumed_at)}"
    return [f"Stalled from {span}, then taken up again where it was"]


def clock_time(moment: datetime) -> str:
    """`14:03 UTC`."""
    return f"{moment.astimezone(UTC):%H:%M} UTC"


def _phase_row(progress: Progress, name: str, agent: str) -> str:
    result = progress.phases.get(name)
    title = _title(progress, name)
    if result is None or result.state == "waiting":
        mark = MARKS["skipped" if progress.run.state in ENDED else "waiting"]
        return f"| {mark} | {title} | {agent} | | | |"
    seconds, mark = result.seconds, MARKS[result.state]
    if result.state == "running" and result.started_at:
        seconds = ((progress.run.ended_at or progress.now) - result.started_at).total_seconds()
        mark = STOPPED if progress.run.state in ENDED else mark
    time = "" if result.state == "skipped" else duration(seconds)
    used = f"{tokens(result.usage)} | {money(result.usd)}" if result.usage.total else " | "
    return f"| {mark} | {title} | {agent} | {time} | {used} |"


def _title(progress: Progress, name: str) -> str:
    """With a link to its comment, once there is one."""
    title = cell(title_of(progress.run, name))
    comment = progress.comments.get(name)
    return f"[{title}](#issuecomment-{comment})" if comment else title


def for_real(run: Run) -> str:
    """How to have what a dry run made: as long as the branch and the issue stay, nothing of it is paid for again."""
    again = run.request.again
    if not again or "\n" in again:
        return "To open the pull request, comment the same again without `--dry-run`."
    command = redact_secrets(clean_untrusted(again.replace(" --dry-run", "", 1)).text).strip()
    return f"To open the pull request, comment {inline_code(command)}."


def _footer(progress: Progress) -> list[str]:
    run = progress.run
    if run.state in ENDED:
        stop = stop_of(progress.phases.get(phase.name) for phase in run.plan.phases)
        begun = run.state == "cancelled" or any(result.state == "done" for result in progress.phases.values())
        again = [] if run.state == "succeeded" else ["", *again_lines(run, stop, begun=begun)]
        return [*again, "", f"<sub>run `{run.id}`{_after(run)}</sub>"]
    return ["", f"<sub>run `{run.id}`{_after(run)} · stop it: `/cancel` · more: `/status`</sub>"]


def _after(run: Run) -> str:
    return f" · goes on with `{run.request.after}`" if run.request.after else ""
