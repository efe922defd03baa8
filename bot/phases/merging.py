"""Bringing two lines of work together: git merges, an agent mends what git could not, the program looks again."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.comments import sentence
from bot.core.context import Piece
from bot.core.limits import Refusal
from bot.core.repository import Sha
from bot.core.revisions import has_markers
from bot.phases.work import Work

ATTEMPTS = 2
"""Tries of an agent at the conflicts of one merge."""


@dataclass(frozen=True, slots=True)
class Merged:
    """`tree` has both; `conflicts` are the paths that an agent mended. `problem` says why there is no such tree."""

    tree: Sha
    conflicts: tuple[str, ...] = ()
    problem: str = ""
    limit: Refusal | None = None


async def bring_together(work: Work, unit: str, base: Sha, ours: Sha, theirs: Sha) -> Merged:
    """What both made of `base`. A file that still holds both sides of a conflict is never taken for merged."""
    merge = await work.ports.workspaces.merge(work.checkout, base, ours, theirs)
    if not merge.conflicts:
        return Merged(merge.tree)
    tree, left = merge.tree, merge.conflicts
    made = await work.ports.workspaces.diff(work.checkout, base, theirs)
    for attempt in range(1, ATTEMPTS + 1):
        pieces = [*work.needed(), Piece("diff", made, (("of", "the other side"),)), _conflict_piece(left)]
        outcome = await work.agent(unit, "developer", tree, pieces, task="merge", attempt=attempt)
        if outcome.state == "failed":
            problem = f"The conflicts in {', '.join(left)} were not mended. {outcome.reason} {outcome.hint}".rstrip()
            return Merged(tree, merge.conflicts, problem, outcome.limit)
        tree, left = outcome.tree, await _unmended(work, outcome.tree, merge.conflicts)
        if not left:
            return Merged(tree, merge.conflicts)
        unit = f"{unit}/{attempt + 1}"
    return Merged(tree, merge.conflicts, sentence(f"Both sides of a conflict still stand in {', '.join(left)}"))


def _conflict_piece(paths: Sequence[str]) -> Piece:
    words = (
        "Two lines of work were merged in the checkout. git could not decide in these files, where both sides stand "
        f"between <<<<<<< and >>>>>>>: {', '.join(paths)}. Make of each what keeps the meaning of both sides, and "
        "leave no such mark. Change nothing else."
    )
    return Piece("comments", words, (("from", "devflow"),))


async def _unmended(work: Work, tree: Sha, paths: Sequence[str]) -> tuple[str, ...]:
    changes = await work.ports.workspaces.changes(work.checkout, work.base, tree)
    return tuple(c.path for c in changes if c.path in paths and c.content is not None and has_markers(c.content))
