"""Documentation: what a change makes wrong is mended, before the tests run on the whole."""

from dataclasses import replace

from bot.core.facts import is_documentation
from bot.core.repository import FileChange, Sha
from bot.core.runs import PhaseResult
from bot.core.team_texts import documentation_summary
from bot.phases.work import Work, commit, diff_piece
from bot.runner import Outcome


async def document(work: Work) -> PhaseResult:
    """One agent edits documentation; what else it changed is put back. Its failure does not stop the run."""
    pieces = [*work.needed(), await diff_piece(work, work.start)]
    outcome = await work.agent("documentation", work.phase.agent, work.start, pieces)
    if outcome.state == "failed":
        return work.ended(replace(outcome, tree=work.start), go_on=True)
    tree, kept, put_back = await _documentation_only(work, outcome)
    commits = [commit("Update the documentation", work.phase.agent, tree, words=outcome.text)] if kept else []
    summary = documentation_summary(kept, put_back)
    return work.result("done", summary, outcome.text, {"tree": tree, "commits": commits, "put_back": put_back})


async def _documentation_only(work: Work, outcome: Outcome) -> tuple[Sha, list[str], list[str]]:
    """(tree, paths that changed, paths that were put back)."""
    workspaces = work.ports.workspaces
    changes = await workspaces.changes(work.checkout, work.start, outcome.tree)
    kept = [change for change in changes if _is_fit(change)]
    put_back = [change.path for change in changes if not _is_fit(change)]
    tree = await workspaces.write(work.checkout, work.start, kept) if put_back else outcome.tree
    return tree, [change.path for change in kept], put_back


def _is_fit(change: FileChange) -> bool:
    return is_documentation(change.path) and change.mode != "120000"
