"""The engine of every test, on both databases, closed when the test ends."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS

from bot.adapters.durable import DbosDurable
from bot.core.repository import Repo
from bot.core.runs import RunId
from tests.postgres import database, run_sql, server_url
from tests.postgres import postgres_url as empty_postgres_url

__all__ = ["empty_postgres_url"]

Engines = Callable[..., DbosDurable]
POLL = 0.02


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'engine.db'}"


@functools.cache
def migrated() -> str:
    """A database with the tables of dbos, to be copied: making them takes longer than most tests."""
    run_sql(server_url(), "CREATE DATABASE migrated")
    DBOS.migrate(server_url().replace("/postgres?", "/migrated?"))
    return "migrated"


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with database(migrated()) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Everything said of the engine holds on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
async def engines(database_url: str) -> AsyncIterator[Engines]:
    """Makes engines on the test's database, fast ones; `engines()` again after a `close()` is a restart."""
    made: list[DbosDurable] = []

    def make(**options: Any) -> DbosDurable:
        made.append(DbosDurable(database_url, **{"poll_seconds": POLL, **options}))
        return made[-1]

    yield make
    for engine in reversed(made):
        await engine.close()


@pytest.fixture
def repo() -> Repo:
    return Repo("octo", "shop")


@pytest.fixture
def run() -> RunId:
    return RunId("260102-030405-k9")
