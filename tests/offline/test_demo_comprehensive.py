"""`devflow demo --comprehensive`: everything that agents do together, in one run whose report shows each."""

from pathlib import Path

import pytest

from bot.offline.demo import Wish
from tests.offline.demos import played_here

pytestmark = pytest.mark.slow


def test_everything_at_once(tmp_path: Path) -> None:
    """A confirmed team, builders side by side, a conflict made good, a red test mended, a review asking for more."""
    code, report = played_here(tmp_path, Wish(comprehensive=True))
    assert (code, report["reason"]) == (0, "")
    assert len(report["agents"]) >= 6
    first, *_ = report["tasks"]["batches"]
    assert {"T1", "T4"} <= set(first)
    builders = {task["id"]: task["agent"] for task in report["tasks"]["built"]}
    assert (builders["T1"], builders["T4"]) == ("developer", "api-integration-specialist")
    assert report["tasks"]["redone"] == ["T4"]
    assert report["test_runs"] == ["failed", "passed"]
    assert [set(decided.values()) for decided in report["reviews"]] == [{"approve", "request_changes"}, {"approve"}]
    assert {"latchkey/waiting.py", "latchkey/limiter.py"} <= set(report["pull_request"]["files"])
