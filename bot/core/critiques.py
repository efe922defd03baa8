"""A review of somebody's pull request, from what reviewers handed in: which remarks go on lines, and which do not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core.comments.reviews import remark_text
from bot.core.reviews import InlineComment, PullFile
from bot.core.submissions import Review

MOST_COMMENTS = 25
"""On lines; a review with more is read by nobody."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark of one reviewer. `start` is the first of several lines, None for one line."""

    who: str
    path: str
    line: int
    body: str
    start: int | None = None
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Critique:
    """What is put on lines, and the remarks that find no place there; `all` are the remarks of both."""

    inline: tuple[InlineComment, ...]
    rest: tuple[Remark, ...]
    all: tuple[Remark, ...]


def criticise(reviews: Sequence[tuple[str, Review]], files: Sequence[PullFile]) -> Critique:
    """Put each remark on the changed lines that it is about, once; `reviews` are (reviewer, what he handed in)."""
    by_path = {file.path: file for file in files}
    placed: dict[tuple[str, int | None, int], list[Remark]] = {}
    rest: list[Remark] = []
    remarks = _without_repeats(reviews)
    for remark in remarks:
        fitting = _fitted(remark, by_path.get(remark.path))
        if fitting is None:
            rest.append(remark)
        else:
            placed.setdefault((fitting.path, fitting.start, fitting.line), []).append(fitting)
    groups = list(placed.values())
    rest += [remark for group in groups[MOST_COMMENTS:] for remark in group]
    return Critique(tuple(_comment(group) for group in groups[:MOST_COMMENTS]), tuple(rest), tuple(remarks))


def _without_repeats(reviews: Sequence[tuple[str, Review]]) -> list[Remark]:
    found: dict[tuple[str, int, str], Remark] = {}
    for who, review in reviews:
        for form in review.comments:
            path = form.path.removeprefix("./")
            start = form.start_line if 0 < form.start_line != form.line else None
            remark = Remark(who, path, form.line, form.body, start, form.suggestion)
            found.setdefault((path, form.line, " ".join(form.body.split()).lower()), remark)
    return list(found.values())


def _fitted(remark: Remark, file: PullFile | None) -> Remark | None:
    """The remark as GitHub takes it: on a changed line; without its range and suggestion if the range is none."""
    if file is None or remark.line not in file.changed_lines:
        return None
    if remark.start is None or InlineComment(remark.path, remark.line, "", start_line=remark.start).fits(file):
        return remark
    return replace(remark, start=None, suggestion="")


def _comment(group: Sequence[Remark]) -> InlineComment:
    text = "\n\n---\n\n".join(remark_text(r.who, r.body, r.suggestion) for r in group)
    return InlineComment(group[0].path, group[0].line, text, start_line=group[0].start)
