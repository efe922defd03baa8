"""What is open on a pull request of ours, and what a revision makes of it. No word of strangers counts here."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from bot.core.effects import without_marks
from bot.core.repository import Sha
from bot.core.reviews import Annotation, Check, Review, ReviewComment, ReviewThread
from bot.core.runs import Run
from bot.core.text import truncate_middle
from bot.core.wishes import CheckWish, ReviewWish, Said, ThreadWish

MOST_THREADS = 50
HUNK_CHARS = 4_000
CHECK_CHARS = 8_000
_MARKER = re.compile(rb"^(<{7}|>{7}) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What runs have taken up: the newest comment of each thread, and reviews."""

    threads: Mapping[str, int] = field(default_factory=dict)
    reviews: frozenset[int] = frozenset()


def seen_by(runs: Sequence[Run]) -> Seen:
    """What these runs heed, whatever came of it."""
    threads: dict[str, int] = {}
    for run in runs:
        for thread in run.request.wishes.threads:
            threads[thread.id] = max(thread.upto, threads.get(thread.id, 0))
    return Seen(threads, frozenset(review.id for run in runs for review in run.request.wishes.reviews))


def open_threads(
    threads: Sequence[ReviewThread], writers: Collection[str], me: str, seen: Seen
) -> tuple[ThreadWish, ...]:
    """Unresolved threads in which somebody who may write said something that no run has taken up.

    Only the words of those people and our own answers are shown; the names `t1`, `t2` are for agents.
    """
    found: list[ThreadWish] = []
    for thread in threads:
        said = [c for c in thread.comments if c.author == me or (c.author in writers and not c.author_is_bot)]
        upto = newest(thread, writers, me)
        if thread.is_resolved or upto <= seen.threads.get(thread.id, 0) or len(found) == MOST_THREADS:
            continue
        words = tuple(Said(c.id, c.author, without_marks(c.body), c.author == me) for c in said)
        name, hunk = f"t{len(found) + 1}", truncate_middle(thread.hunk, HUNK_CHARS)
        first = thread.comments[0].id
        found.append(ThreadWish(name, thread.id, thread.path, thread.line, hunk, first, upto, words))
    return tuple(found)


def newest(thread: ReviewThread, writers: Collection[str], me: str) -> int:
    """The id of the newest comment that counts, 0 if none does."""
    return max((c.id for c in thread.comments if _counts(c, writers, me)), default=0)


def _counts(comment: ReviewComment, writers: Collection[str], me: str) -> bool:
    return comment.author in writers and comment.author != me and not comment.author_is_bot


def open_reviews(reviews: Sequence[Review], writers: Collection[str], seen: Seen) -> tuple[ReviewWish, ...]:
    """Reviews that request changes in words and that no run has taken up, unless the same person approved later."""
    found = []
    for index, review in enumerate(reviews):
        later = {r.author for r in reviews[index + 1 :] if r.state == "approved"}
        asks = review.state == "changes_requested" and review.body.strip() and review.author not in later
        if asks and review.author in writers and not review.author_is_bot and review.id not in seen.reviews:
            found.append(ReviewWish(review.id, review.author, review.body))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Checked:
    """The failed checks of a commit: the change's own, and the names of those that its base has, too."""

    failed: tuple[CheckWish, ...]
    known: tuple[str, ...]


def checked(checks: Sequence[Check], of_base: Sequence[Check]) -> Checked:
    """Compare what failed with what failed on the base commit by the same name."""
    before = {check.name for check in of_base if check.failed}
    failed = [check for check in checks if check.failed]
    wishes = tuple(CheckWish(c.name, _check_text(c), c.url) for c in failed if c.name not in before)
    known = tuple(check.name for check in failed if check.name in before)
    return Checked(wishes, known)


def _check_text(check: Check) -> str:
    """What a check said: title, summary, remarks on lines."""
    lines = [f"{check.name}: {check.conclusion}", check.title, check.summary]
    return truncate_middle("\n".join(filter(None, [*lines, *map(_remark, check.annotations)])), CHECK_CHARS)


def _remark(note: Annotation) -> str:
    title = f"{note.title}: " if note.title else ""
    return f"{note.level} at {note.path}:{note.start_line}: {title}{note.message}"


def fixes_in_a_row(runs: Sequence[tuple[Run, Sha | None]], head: Sha) -> int:
    """How many runs for checks alone led to this head, each from what the one before had pushed.

    `runs` are (run, commit it pushed) of one pull request, newest first. A push by people begins a new row.
    """
    count, at = 0, head
    for run, pushed in runs:
        wishes = run.request.wishes
        only_checks = bool(wishes.checks) and not (wishes.threads or wishes.reviews or run.request.comment_id)
        if not only_checks or pushed != at or run.request.onto is None:
            break
        count, at = count + 1, run.request.onto.head
    return count


def has_markers(content: bytes) -> bool:
    """Whether a file still holds both sides of a conflict."""
    return _MARKER.search(content) is not None
