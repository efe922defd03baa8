"""What people read of a team, its advice and its documentation."""

from collections.abc import Sequence

from bot.core.comments import cell, sentence
from bot.core.runs import Member
from bot.core.text import inline_code


def first_paragraph(text: str) -> str:
    """What a plain-text result begins with."""
    return text.strip().partition("\n\n")[0]


def team_text(summary: str, team: Sequence[Member], proposed: Sequence[Member]) -> str:
    """The team with a reason for each agent, and whom the rules had proposed beside."""
    lines = [summary, "", "| agent | why |", "|---|---|"]
    lines += [f"| {cell(member.agent)} | {cell(member.reason)} |" for member in team]
    before, now = {m.agent for m in proposed}, {m.agent for m in team}
    changes = [f"added `{m.agent}`" for m in team if m.agent not in before]
    changes += [f"left out `{m.agent}` ({cell(m.reason)})" for m in proposed if m.agent not in now]
    return "\n".join([*lines, "", f"Against the rules' proposal: {', '.join(changes) or 'no change'}."])


def advice_text(heard: Sequence[tuple[str, str, str]]) -> tuple[str, str]:
    """(summary, whole text) of (agent, advice, why there is none) triples."""
    lines = [
        f"- `{name}`: {cell(first_paragraph(text)) if text else f'no advice. {sentence(reason)}'}"
        for name, text, reason in heard
    ]
    return "\n".join(lines), "\n\n".join(f"**{name}**\n\n{text}" for name, text, _ in heard if text)


def documentation_summary(changed: Sequence[str], put_back: Sequence[str]) -> str:
    """Which files changed, as git sees them."""
    words = f"Files changed, as git sees them:\n\n{_bullets(changed)}" if changed else "No documentation had to change."
    kept_out = "Put back, because they are no documentation:"
    return words + (f"\n\n{kept_out}\n\n{_bullets(put_back)}" if put_back else "")


def _bullets(paths: Sequence[str]) -> str:
    return "\n".join(f"- {inline_code(path)}" for path in paths)
