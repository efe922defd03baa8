"""What runs on pull requests do: a review of anybody's, a revision of one of ours."""

from collections.abc import Sequence

from bot.core.repository import Sha
from bot.core.runs import Phase, RunPlan

CRITIQUE = (Phase("critique", "code-reviewer, security-engineer"),)
REVISION = (
    Phase("revision", "developer"),
    Phase("testing", "devflow", ("revision",)),
    Phase("review", "code-reviewer", ("revision", "testing")),
    Phase("delivery", "devflow", ("revision", "testing", "review")),
)
"""Who revises writes the tests, too; the program runs them."""


def review_plan(budget_usd: float, models: Sequence[tuple[str, str]], agents_sha: Sha | None) -> RunPlan:
    """Two reviewers read, side by side; nothing is changed."""
    return RunPlan(CRITIQUE, budget_usd, tuple(models), agents_sha=agents_sha, purpose="review", automation="auto")


def revision_plan(budget_usd: float, models: Sequence[tuple[str, str]], agents_sha: Sha | None) -> RunPlan:
    """Further commits on the branch of a pull request."""
    return RunPlan(REVISION, budget_usd, tuple(models), agents_sha=agents_sha, purpose="revise")
