"""The desk that tests sit at."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal.desk import Desk, sitting_at


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with sitting_at(tmp_path) as made:
        yield made
