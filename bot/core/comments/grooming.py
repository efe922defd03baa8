"""Texts of a grooming: the sub-issues that are opened, and the list of them."""

from collections.abc import Sequence

from bot.core.comments.common import cell, safe, whole

TITLE_LIMIT = 200
"""Characters; GitHub takes 256."""


def sub_issue_title(title: str) -> str:
    """One line that pings nobody."""
    line = " ".join(safe(title).split())
    return line if len(line) <= TITLE_LIMIT else line[: TITLE_LIMIT - 1].rstrip() + "…"


def sub_issue_body(body: str, parent: int) -> str:
    """What is to be built, by whom it was proposed, and how to have it built."""
    return f"{whole(body, 10_000)}\n\n<sub>Proposed while grooming #{parent}. Build it: `/dev-workflow`</sub>"


def sub_issues_text(opened: Sequence[tuple[int, str]], apart: Sequence[int]) -> str:
    """What was opened, as (number, title); `apart` are those that GitHub did not take as sub-issues."""
    if not opened:
        return "The roadmap proposes no sub-issues, so none was opened."
    count = f"{len(opened)} sub-issues" if len(opened) > 1 else "1 sub-issue"
    lines = [f"Opened {count}. `/dev-workflow` on one of them builds it.", ""]
    lines += [f"- #{number} {cell(title)}" for number, title in opened]
    if apart:
        listed = ", ".join(f"#{number}" for number in apart)
        lines += ["", f"GitHub did not take {listed} as sub-issues of this one, so they stand by themselves."]
    return "\n".join(lines)
