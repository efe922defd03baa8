"""What a repository's issues share, as lines: memories, pauses, which runs want looking after, and of each
ended run how it went and what it cost."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import Connection

from bot.core.conversation import Json
from bot.core.runs import ENDED
from bot.core.state import Lines

HEX = ("sketch",)
"""Columns of bytes, which JSON does not have."""
_TURNS = """
    SELECT unit, agent, model, sum(reserved_usd) AS reserved_usd, sum(lost_usd) AS lost_usd,
        sum(reserved_tokens) AS reserved_tokens, sum(lost_tokens) AS lost_tokens, sum(usd) AS usd,
        sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(seconds) AS seconds,
        sum(cache_write_tokens) AS cache_write_tokens, sum(cache_read_tokens) AS cache_read_tokens
    FROM devflow_turns WHERE run = ? GROUP BY unit, agent, model ORDER BY min(seq)
"""
"""What was said stays with the run's own issue."""
_UNSAID = {"summary": "", "output": "", "data": "{}"}
_CUT = {"issue_body": "", "wishes": {}}


def lines(database: sqlite3.Connection, foreign: Collection[str]) -> Lines:
    """All that is shared but the runs in `foreign`, which came from elsewhere.

    A pull request leads to the issue that it came from; its revisions are told on the pull request itself.
    """
    found: Lines = {}
    for row in database.execute("SELECT * FROM devflow_memories ORDER BY seq"):
        found[f"memory:{row['id']}"] = _plain(row, "scope")
    for row in database.execute("SELECT * FROM devflow_halts"):
        found[f"halt:{row['owner']}/{row['repo']}".lower()] = _plain(row)
    for row in database.execute("SELECT * FROM devflow_runs ORDER BY seq"):
        if row["id"] in foreign:
            continue
        if row["pull_number"] and row["pull_number"] != row["issue"]:
            found[f"pull:{row['owner']}/{row['repo']}#{row['pull_number']}".lower()] = {"issue": row["issue"]}
        if row["state"] not in ENDED or (row["pull_number"] and not row["outcome"]):
            found[f"open:{row['id']}"] = {"issue": row["issue"]}
        if row["state"] in ENDED:
            found[f"run:{row['id']}"] = _run(database, row)
    return found


def _run(database: sqlite3.Connection, row: sqlite3.Row) -> Json:
    run = {**_plain(row), "pull_number": None}
    run["request"] = json.dumps({**json.loads(run["request"]), **_CUT})
    phases = database.execute("SELECT * FROM devflow_phases WHERE run = ? ORDER BY seq", [row["id"]])
    turns = database.execute(_TURNS, [row["id"]])
    evidence = database.execute("SELECT * FROM devflow_evidence WHERE run = ? ORDER BY seq", [row["id"]])
    return {
        "at": run["ended_at"],
        "run": run,
        "phases": [{**_plain(phase), **_UNSAID} for phase in phases],
        "turns": [{**_plain(turn), "run": row["id"], "number": number} for number, turn in enumerate(turns)],
        "evidence": [_plain(result) for result in evidence],
    }


def _plain(row: sqlite3.Row, *without: str) -> Json:
    """A row's columns by name, but for its place in the table."""
    names = [name for name in row.keys() if name not in {"seq", *without}]  # noqa: SIM118 - a Row iterates over values
    return {name: row[name].hex() if name in HEX else row[name] for name in names}


def unhexed(row: Mapping[str, object]) -> dict[str, object]:
    """A row as SQLite has it."""
    return {name: bytes.fromhex(str(value)) if name in HEX else value for name, value in row.items()}


def insert_runs(database: Connection, runs: Iterable[Json]) -> None:
    """Add ended runs of other issues, oldest first, so that the newest have the highest numbers."""
    for line in sorted(runs, key=lambda one: str(one["run"]["created_at"])):
        insert(database, "devflow_runs", line["run"])
        for table in ("phases", "turns", "evidence"):
            for row in line.get(table, ()):
                insert(database, f"devflow_{table}", row)


def insert_halts(database: Connection, halts: Iterable[Json]) -> None:
    """Add pauses of repositories."""
    for row in halts:
        insert(database, "devflow_halts", row)


def insert(database: Connection, table: str, row: Mapping[str, object]) -> int:
    """Insert the columns of a row that this version has; returns its number."""
    have = [column[1] for column in database.exec_driver_sql(f"PRAGMA table_info({table})")]
    names = [name for name in have if name in row]
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names of our own columns
    return int(database.exec_driver_sql(statement, tuple(row[name] for name in names)).lastrowid or 0)
