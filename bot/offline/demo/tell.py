"""Tells how it ended: the thread of the issue, the pull request's diff, the evidence, and where to look further."""

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from bot.offline.demo.report import Report
from bot.offline.demo.stage import MAINTAINER, Stage
from bot.terminal.words import readable, visible

COMMENT_LINES = 24
SLACK = 4
"""So many lines more are shown rather than folded."""
DIFF_LINES = 220
_LINE_STYLES = (("+++", "bold"), ("---", "bold"), ("diff ", "bold"), ("+", "green"), ("-", "red"), ("@@", "cyan"))
_STATES = {
    "ok": ("ok", "green"),
    "note": ("note", ""),
    "unknown": ("unproven", "yellow"),
    "fail": ("FAILED", "bold red"),
}


def tell(console: Console, on: Stage, number: int, report: Report) -> None:
    """Print all of it."""
    _thread(console, on, number)
    if report.diff:
        _diff(console, on, report)
    _evidence(console, report)
    console.print(verdict(report))
    console.print("\nWhere to look:")
    console.print(_further(on, number, report), soft_wrap=True)


def verdict(report: Report) -> Text:
    """One line: does the evidence hold, and why not."""
    if report.ok:
        return Text("OK: the evidence holds.", style="bold green")
    return Text(visible(f"NOT OK: {report.data['reason']}"), style="bold red")


def _thread(console: Console, on: Stage, number: int) -> None:
    issue = on.github.issue(on.play.repository, number)
    console.print(Rule(Text(f"The issue: {on.play.repository}#{number}")))
    console.print(_said(MAINTAINER, visible(f"**{issue.title}**\n\n{issue.body}")))
    for comment in on.github.comments_on(on.play.repository, number):
        console.print(_said(comment.author, readable(comment.body)))


def _said(author: str, text: str) -> Panel:
    return Panel(_Cut(Markdown(text), COMMENT_LINES), title=Text(f"@{author}"), title_align="left")


class _Cut:
    """The first lines of something, and how many more there are."""

    def __init__(self, whole: RenderableType, lines: int) -> None:
        self._whole = whole
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = list(_squeezed(console.render_lines(self._whole, options.update(height=None), pad=False)))
        shown = lines if len(lines) <= self._lines + SLACK else lines[: self._lines]
        for line in shown:
            yield from line
            yield Segment.line()
        if len(lines) > len(shown):
            yield Text(f"(… {len(lines) - len(shown)} more lines)", style="dim")


def _squeezed(lines: list[list[Segment]]) -> Iterator[list[Segment]]:
    """Without empty lines at the beginning and the end, and with one where there are more."""
    texts = ["".join(segment.text for segment in line).strip() for line in lines]
    last = max((index for index, text in enumerate(texts) if text), default=-1)
    empty = True
    for line, text in zip(lines[: last + 1], texts, strict=False):
        if text or not empty:
            yield line
        empty = not text


def _diff(console: Console, on: Stage, report: Report) -> None:
    pull = report.data["pull_request"]
    console.print(Rule(Text(f"Pull request #{pull['number']}: the diff")))
    lines = visible(report.diff).rstrip("\n").split("\n")
    text = Text("\n").join(Text(line, style=_style(line)) for line in lines[:DIFF_LINES])
    # Not wrapped: a line of a diff must stay one line when it is copied.
    console.print(text, soft_wrap=True)
    if len(lines) > DIFF_LINES:
        console.print(Text(f"(… {len(lines) - DIFF_LINES} more lines; the command below shows all)", style="dim"))


def _style(line: str) -> str:
    return next((style for start, style in _LINE_STYLES if line.startswith(start)), "")


def _evidence(console: Console, report: Report) -> None:
    console.print(Rule(Text("The evidence: checked by the program, not claimed by a model")))
    table = Table(box=None, pad_edge=False, show_header=False)
    for row in report.data["evidence"]:
        word, style = _STATES[row["state"]]
        table.add_row(
            Text(word, style=style), row["check"], Text(visible(row["found"]).replace("`", ""), overflow="fold")
        )
    console.print(table if report.data["evidence"] else "There is none: the run did not get that far.")
    console.print()


def _further(on: Stage, number: int, report: Report) -> Text:
    """Commands and places, each on a line of its own that can be copied."""
    bare = Path(on.shown) / "github" / f"{on.play.repository.lower()}.git"
    branch = report.data["pull_request"]["branch"]
    lines = []
    if report.data["pull_request"]["head"]:
        lines.append(f"the change   git -C {shlex.quote(str(bare))} log -p {on.play.branch}..{branch}")
    lines.append(f"the pages    {_program()} demo --keep  (then in a browser: issue, pull request, dashboard)")
    if not report.ok:
        lines.append(f"the log      {on.shown}/service.log")
    lines.append(f"the files    {on.shown}")
    return Text("\n".join(lines))


def _program() -> str:
    """How the visitor started us."""
    started = Path(sys.argv[0])
    if started.name != "devflow":
        return "devflow"
    near = os.path.relpath(started)
    return near if len(near) < len(str(started)) else str(started)


def addresses(on: Stage, number: int, report: Report) -> Text:
    """The pages of a demo that stays."""
    lines = [f"Issue:        {on.github.url}/{on.play.repository}/issues/{number}"]
    if report.data["pull_request"]["url"]:
        lines.append(f"Pull request: {report.data['pull_request']['url']}")
    return Text("\n".join([*lines, f"Dashboard:    {on.url}/", "Running until Ctrl-C."]))
