"""A fresh store and a bot around it for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.webhooks.served import ExampleBot, FaultyStore, opened


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FaultyStore]:
    async with opened(tmp_path) as store:
        yield store


@pytest.fixture
def bot(store: FaultyStore) -> ExampleBot:
    return ExampleBot(store)
