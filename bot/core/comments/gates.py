"""What is said where a run waits for people."""

from collections.abc import Sequence

from bot.core.comments.common import TITLES, sentence, whole
from bot.core.people import SHORT, Gate
from bot.core.text import fence

WAITING = "✋"
QUESTION_LIMIT = 4_000


def gate_comment(gate: Gate) -> str:
    """What the run waits for, and the commands that decide, to be copied with one touch."""
    if gate.kind == "question":
        return "\n".join(
            [
                f"### ❓ {title(gate.phases)} has a question",
                "",
                whole(gate.why, QUESTION_LIMIT),
                "",
                "The run waits, at no cost. To answer, comment this with your words:",
                "",
                fence("/answer ...", "text"),
            ]
        )
    short = gate.hash[:SHORT]
    return "\n".join(
        [
            f"### {WAITING} Waiting for approval of {title(gate.phases).lower()}",
            "",
            sentence(gate.why),
            "",
            "The run waits, at no cost. To let it go on, comment this:",
            "",
            fence(f"/approve {short}", "text"),
            "",
            f"To have it done again: `/reject WHY`{_one_of(gate.phases)}. To stop: `/cancel`.",
        ]
    )


def _one_of(phases: Sequence[str]) -> str:
    return f", or `/reject {phases[-1]} WHY` for that phase alone" if len(phases) > 1 else ""


def title(phases: Sequence[str]) -> str:
    """The phases of a gate, in words."""
    names = [TITLES.get(name, name) for name in phases]
    words = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return words[:1].upper() + words[1:]


def waits_for(gate: Gate) -> str:
    """For the status comment: what the run waits for, in a sentence."""
    if gate.kind == "question":
        return f"{title(gate.phases)} has a question: `/answer TEXT`."
    return f"Approval of {title(gate.phases).lower()}: `/approve {gate.hash[:SHORT]}` or `/reject WHY`."


def reminder(gate: Gate, days_left: float) -> str:
    """Posted while nobody decides."""
    left = f"{days_left:.0f} days" if days_left >= 2 else f"{max(days_left * 24, 1):.0f} hours"
    return (
        f"⏰ Still waiting. {waits_for(gate)} In {left} the run ends; its work is kept, and `/resume` goes on with it."
    )


def decided(gate: Gate, why: str = "") -> str:
    """Takes the place of the gate's comment once somebody decided."""
    head = title(gate.phases)
    match gate.state:
        case "approved":
            return f"### ✅ {head}: approved by @{gate.by}\n`{gate.hash[:SHORT]}`. The run goes on."
        case "rejected" | "redone":
            return f"### ↩️ {head}: sent back by @{gate.by}\n{sentence(why or gate.words)}"
        case "answered":
            question = f"{whole(gate.why, QUESTION_LIMIT)}\n\n"
            return f"### 💬 {head}: answered by @{gate.by}\n{question}Answer: {whole(gate.words, QUESTION_LIMIT)}"
        case "void" | "reposted":
            return f"### 🚫 {head}: the approval is void\n{sentence(gate.words)}"
        case _:
            return f"### ⌛ {head}: nobody decided\nThe run ended. `/resume` goes on with it."


def edited_by(login: str, phase: str, approved_by: str) -> str:
    """Why an approval is void."""
    name = TITLES.get(phase, phase)
    who = f"The approval by @{approved_by}" if approved_by else "What was to be approved"
    return (
        f"@{login} edited the comment of the {name} phase after it was posted. {who} is void, for it shows other words "
        "than the run works with. What the run has is posted again above"
    )


def changed_under(phase: str) -> str:
    """Why an approval is refused: the comment is not what was posted."""
    name = TITLES.get(phase, phase)
    return (
        f"The comment of the {name} phase was edited or deleted after it was posted, so what you approve is not what "
        "the run works with. What the run has is posted again above"
    )


def held(by: str, reason: str) -> str:
    """For the status comment of a run whose repository's line is stopped."""
    words = f": {sentence(reason)}" if reason else "."
    return f"@{by} paused all runs of this repository{words} `/unpause` lets them go on."
