"""What is said of a revision: in its threads, in the pull request's text, and of what comes of checks and limits."""

import re
from collections.abc import Sequence

from bot.core.comments.common import evidence_table, sentence, whole
from bot.core.evidence import Evidence
from bot.core.runs import Outcome
from bot.core.text import inline_code

ANSWER_CHARS = 20_000
SUMMARY_CHARS = 1_500
"""Of what a comment begins with; the evidence stands below it."""
_LEAD = re.compile(
    r"\A> \[!(?:WARNING|CAUTION)\]\n> (?:Nothing proves|The evidence speaks against) this change\.[^\n]*\n\n"
)
_CLOSES = re.compile(r"^(?:Closes|Part of) (#\d+)$", re.MULTILINE)
_TABLE = re.compile(r"^### Evidence\n.*?(?=\n\n<sub>|\n\n<!-- devflow:|\Z)", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"\n\n<!-- devflow:", re.MULTILINE)


def thread_answer(answer: str, commit: str, run: str, *, done: bool, holds: bool) -> str:
    """What became of a thread; `commit` is empty if nothing was changed, `holds` says whether the evidence does."""
    where = f" in {commit}" if commit else ""
    state = (
        "Left as it is" if not done else f"Done{where}" if holds else f"Changed{where}, but the evidence is against it"
    )
    return f"{whole(answer, ANSWER_CHARS)}\n\n<sub>{state} · run `{run}`</sub>"


def lead_of(evidence: Evidence) -> str:
    """The first lines of a pull request whose evidence does not hold."""
    match evidence.verdict:
        case "proven":
            return ""
        case "unproven":
            return f"> [!WARNING]\n> Nothing proves this change. {sentence(evidence.reason)}\n\n"
        case "refuted":
            return f"> [!CAUTION]\n> The evidence speaks against this change. {sentence(evidence.reason)}\n\n"


def evidence_section(evidence: Evidence, note: str = "") -> str:
    """The table with its heading; `note` says which commit it is of."""
    lead = " ".join(filter(None, ["Checked by the program, not claimed by a model.", note]))
    return f"### Evidence\n{lead}\n\n{evidence_table(evidence)}"


def renewed_body(body: str, evidence: Evidence, head: str, run: str) -> str:
    """A pull request's text with the evidence of its new head; what people wrote beside stays as it is."""
    text = lead_of(evidence) + _LEAD.sub("", body.replace("\r\n", "\n"))
    closes = "Part of" if evidence.verdict == "refuted" else "Closes"
    text = _CLOSES.sub(lambda found: f"{closes} {found[1]}", text, count=1)
    section = evidence_section(evidence, f"Of `{head[:12]}`, after run `{run}`.")
    if _TABLE.search(text):
        return _TABLE.sub(lambda _: section, text, count=1)
    at = mark.start() if (mark := _MARK.search(text)) else len(text)
    return f"{text[:at]}\n\n{section}{text[at:]}"


def revision_text(summary: str, answers: Sequence[tuple[str, bool, str]]) -> tuple[str, str]:
    """(summary, whole text) of what was changed; `answers` are (place, done, words)."""
    lines = [f"- {inline_code(place)}: {'done' if done else 'not done'}" for place, done, _ in answers]
    told = "\n\n".join(f"{inline_code(place)}: {words}" for place, _, words in answers)
    return "\n".join([summary, *(["", *lines] if lines else [])]), "\n\n".join(filter(None, [summary, told]))


def pushed_summary(summary: str, evidence: Evidence, commit: str, notes: Sequence[str]) -> str:
    """The comment at the end of a revision that changed something."""
    lead = {
        "proven": "Every check holds.",
        "unproven": f"Nothing proves this change. {sentence(evidence.reason)}",
        "refuted": f"The evidence speaks against this change, so it is a draft. {sentence(evidence.reason)}",
    }[evidence.verdict]
    told = "".join(f"\n\n{sentence(note)}" for note in notes)
    return f"{whole(summary, SUMMARY_CHARS)}\n\nPushed {commit}. {lead}{told}\n\n{evidence_table(evidence)}"


def unpushed_summary(summary: str, why: str) -> str:
    """The comment at the end of a revision that pushed nothing."""
    return f"{whole(summary, SUMMARY_CHARS)}\n\nNothing was pushed. {sentence(why)}"


UNCHANGED = "The files stay as they are."
MERGED = "The base branch was merged in, because the two had conflicts in {paths}."
MERGED_CLEAN = "The base branch was merged in."
MOVED = "Somebody pushed {commit} to the branch meanwhile; the revision was put on top of it."


def unheard_review(author: str, *, is_bot: bool) -> str:
    """Told once to each whose reviews start nothing."""
    who = f"Reviews of {inline_code(author)}" if is_bot else f"@{author}, your reviews"
    why = "a bot's words start nothing" if is_bot else "that takes `write` access to this repository"
    return f"🔒 {who} do not make me change this pull request: {why}. Somebody who has it can comment `/revise`."


def enough_revisions(limit: int) -> str:
    """Told once when reviews have started as many runs as they may."""
    count = "1 revision" if limit == 1 else f"{limit} revisions"
    return (
        f"⏸️ Reviews have started {count} of this pull request, which is the limit. I change nothing more on "
        "my own. `/revise` goes on; `limits.revisions` in `.github/devflow.yml` sets the limit."
    )


def enough_fixes(limit: int, names: Sequence[str]) -> str:
    """Told once when mending checks did not help."""
    listed = ", ".join(inline_code(name) for name in names)
    count = "once" if limit == 1 else f"{limit} times in a row"
    return (
        f"⏸️ I tried {count} to mend failing checks, and they still fail: {listed}. I stop here: "
        "somebody has to look. `/revise WHAT TO CHANGE` goes on; `limits.check_fixes` in `.github/devflow.yml` "
        "sets the limit."
    )


def known_failures(names: Sequence[str]) -> str:
    """Checks that are no fault of the change."""
    listed = ", ".join(inline_code(name) for name in names)
    return f"ℹ️ These checks fail on the base branch, too, so I leave them alone: {listed}."


def outcome_line(outcome: Outcome, link: str, base: str) -> str:
    """The first line of a run's status comment when people have decided on its pull request."""
    if outcome == "merged":
        return f"### 🎉 Merged: {link}\nThe change is in {inline_code(base)}."
    if outcome == "reverted":
        return f"### ↩️ Reverted: {link}\nThe change was merged, and taken back since."
    return f"### 🚪 Closed: {link}\nThe pull request was closed without a merge."
