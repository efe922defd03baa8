"""What stands in a pull request, and in the comment that announces it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bot.core.comments.common import again_lines, cell, duration, evidence_table, safe, sentence, tokens, whole
from bot.core.comments.estimates import beside_actual
from bot.core.comments.revisions import evidence_section, lead_of
from bot.core.comments.status import Progress, for_real, spent
from bot.core.evidence import Evidence
from bot.core.partial import Stop
from bot.core.planning import Task
from bot.core.runs import Run


def pull_title(run: Run, tasks: Sequence[Task]) -> str:
    """At most 72 characters: the issue's title, or the only task's; for a repository's own command, the command."""
    if run.plan.purpose == "custom":
        command = run.request.again.partition("\n")[0].removeprefix("/") or "a command"
        return _short(f"{safe(command)}: {safe(run.request.issue_title)}")
    words = safe(run.request.issue_title if len(tasks) != 1 else tasks[0].title)
    line = " ".join(words.split()) or f"Resolve issue {run.request.issue}"
    return _short(line)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 72 else line[:71].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Work that a limit stopped, and what is missing of it."""

    run: Run
    stop: Stop
    missing: Sequence[str]

    def lines(self) -> list[str]:
        """What is missing and how to go on, as Markdown."""
        listed = [f"- [ ] {cell(line)}" for line in self.missing]
        return ["### What is missing", *listed, "", "### How to go on", *again_lines(self.run, self.stop)]


def pull_body(progress: Progress, summary: str, evidence: Evidence, rest: Unfinished | None = None) -> str:
    """Summary, evidence, cost; `Closes #N` only where the evidence does not refute the change."""
    run = progress.run
    solves = evidence.verdict != "refuted" and run.plan.purpose != "custom"
    closes = f"Closes #{run.request.issue}" if solves else f"Part of #{run.request.issue}"
    lead = lead_of(evidence)
    if rest:
        lead = f"> [!WARNING]\n> This is unfinished: a limit stopped the run in {rest.stop.phase}. "
        lead += f"{sentence(rest.stop.reason)}\n\n" + "\n".join([*rest.lines(), "", ""])
    began, ended = run.created_at or progress.now, progress.now
    used = f"{duration((ended - began).total_seconds())} · {tokens(progress.usage)} tokens · {spent(progress)}"
    used += beside_actual(run, progress.phases)
    return (
        f"{lead}{whole(summary, 20_000)}\n\n{closes}\n\n"
        f"{evidence_section(evidence)}\n\n"
        f"<sub>Asked by @{run.request.requester} in #{run.request.issue} · run `{run.id}` · {used}</sub>"
    )


def delivery_summary(evidence: Evidence, pull_url: str, rest: Unfinished | None = None) -> str:
    """The comment of the last phase; `pull_url` is empty if none was opened."""
    stands = f"The work so far is in {pull_url}." if pull_url else "No pull request was opened."
    lead = {
        "proven": f"{pull_url} is open. Every check holds.",
        "unproven": f"Nothing proves this change. {sentence(evidence.reason)} {stands}",
        "refuted": f"The evidence speaks against this change. {sentence(evidence.reason)} {stands}",
    }[evidence.verdict]
    if rest:
        stands = stands if pull_url else "Nothing can be shown of it, so no pull request was opened."
        lead = f"A limit stopped the run in {rest.stop.phase}. {sentence(rest.stop.reason)} {stands}\n\n"
        lead += "\n".join(rest.lines())
    return f"{lead}\n\n{evidence_table(evidence)}"


def refused_pull_summary(evidence: Evidence, branch: str, link: str) -> str:
    """The comment of the last phase where GitHub lets people open pull requests, but not the token of a workflow."""
    return (
        f"The branch `{branch}` is pushed, but GitHub Actions may not open pull requests here. "
        f"**[Open it yourself]({link})**: title and branches are filled in.\n\n"
        "So that Devflow can do it: *Settings, Actions, General, Workflow permissions*, tick *Allow GitHub Actions to "
        "create and approve pull requests* (an organisation may have to allow it first), then `/retry delivery`. "
        f"A token of a GitHub App in the input `github_token` does it, too.\n\n{evidence_table(evidence)}"
    )


def compare_link(repository_url: str, base: str, branch: str, title: str) -> str:
    """The page that opens a pull request, filled in.

    https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/using-query-parameters-to-create-a-pull-request
    """
    return f"{repository_url}/compare/{quote(base)}...{quote(branch)}?{urlencode({'expand': 1, 'title': title})}"


def dry_run_summary(run: Run, evidence: Evidence, rest: Unfinished | None = None) -> str:
    """The comment of the last phase of a dry run; the change itself is folded below it."""
    lead = {
        "proven": f"Every check holds. {for_real(run)}",
        "unproven": f"Nothing proves this change. {sentence(evidence.reason)} {for_real(run)}",
        "refuted": f"The evidence speaks against this change. {sentence(evidence.reason)}",
    }[evidence.verdict]
    if rest:
        lead = f"A limit stopped the run in {rest.stop.phase}. {sentence(rest.stop.reason)}\n\n"
        lead += "\n".join(rest.lines())
    return f"This was a dry run: nothing was pushed. {lead}\n\n{evidence_table(evidence)}"
