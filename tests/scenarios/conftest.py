"""The fixture of all scenarios."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from tests.scenarios.rig import Rig, rig

PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember whether a scenario passed, so that its last check does not hide why it failed."""
    report = yield
    if report.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
async def bot(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Rig]:
    """A running Devflow with one repository, a maintainer, a reader and a stranger.

    Parametrise it indirectly with other settings where a scenario needs them.
    """
    async with rig(tmp_path, **getattr(request, "param", {})) as made:
        yield made
        if request.node.stash.get(PASSED, False):
            await made.finish()
