"""The benchmark of shortening reads anybody's rows, says which are wrong, and makes transcripts that are true."""

import json
from pathlib import Path

import pytest

from bot.core.tokens import count_tokens
from tests.benchmarks import compress, transcripts
from tests.benchmarks.compress_data import WrongRowsError, load
from tests.benchmarks.compress_methods import METHODS, OURS, missing_package
from tests.benchmarks.transcript_sources import HERE, SOURCES
from tests.benchmarks.transcript_styles import STYLES

TURNS = [["Ann", f"about item {n}"] for n in range(40)]


def _file(tmp_path: Path, *rows: object) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def test_every_form_of_a_row_is_read(tmp_path: Path) -> None:
    """Turns by number and by span, paths and lines by their text, and meetings as QMSum has them."""
    path = _file(
        tmp_path,
        {"turns": TURNS, "query": "item 3", "gold": [3, [5, 6], [39, 90]]},
        {"text": "see src/a.py\nx = compute(y)\n", "query": "y", "gold": ["src/a.py", "x = compute(y)"]},
        {"turns": ["Bob: one", "Bob: two"], "qa": [["Which?", "Two.", [["1", "1"]]], ["And?", "", [["0", "1"]]]]},
    )
    turns, code, *asked = load(path)
    assert turns.turns == ("Ann: about item 3", "Ann: about item 5", "Ann: about item 6", "Ann: about item 39")
    assert (code.files, code.lines) == (("src/a.py",), ("x = compute(y)",))
    assert [case.turns for case in asked] == [("Bob: two",), ("Bob: one", "Bob: two")]


def test_each_wrong_row_is_named(tmp_path: Path) -> None:
    """By its number, with what is wrong; all of them at once."""
    path = _file(
        tmp_path,
        {"text": "a b", "query": "a", "gold": ["b"]},
        {"text": "a b", "query": "a", "gold": ["c"]},
        {"query": "a", "gold": ["c"]},
        {"text": "a", "gold": ["a"]},
        {"turns": ["a"], "query": "a", "gold": [1]},
        {"text": "a", "query": "a", "gold": []},
        [],
    )
    path.write_text(path.read_text() + "{")
    with pytest.raises(WrongRowsError) as raised:
        load(path)
    said = str(raised.value).split("\n")
    assert [line.split(" of ")[0] for line in said] == [f"Row {n}" for n in range(2, 9)]
    assert said[0] == "Row 2 of rows.jsonl: the text does not contain this gold: 'c'"


def test_rows_are_measured_beside_every_method(tmp_path: Path) -> None:
    """Ours finds the gold of an easy row; the table has a row for each measure and method."""
    row = {"turns": [*TURNS, ["Bob", "the battery is empty"], *TURNS], "query": "battery", "gold": [40]}
    rows = compress.set_rows("easy", load(_file(tmp_path, row)))
    methods = [name for name in METHODS if name != OURS and not missing_package(name)]
    assert [str(row["case"]).rsplit("beside ", 1)[1] for row in rows if row["unit"]] == methods
    assert {row["ours"] for row in rows if row["unit"]} == {100.0}


@pytest.mark.parametrize("name", [name for name in METHODS if not missing_package(name)])
def test_no_method_takes_more_than_its_share(name: str) -> None:
    """Otherwise the comparison would not be fair."""
    text = "\n".join(f"{n}: a line about item {n * n % 97}, and something else." for n in range(200))
    assert count_tokens(METHODS[name](text, "item 4", 800)) <= 840


@pytest.mark.parametrize("style", STYLES)
def test_a_transcript_is_real_code_with_its_gold_in_it(style: str) -> None:
    """The same seed makes the same; each gold line stands in the text."""
    one, same = (next(transcripts.transcripts("packages", style, 5, 1, [14_000])) for _ in range(2))
    assert one == same
    assert one.files
    assert all(gold in one.text for gold in (*one.files, *one.lines))
    assert one.text != next(transcripts.transcripts("packages", style, 6, 1, [14_000])).text


@pytest.mark.skipif(not (HERE / ".git").exists(), reason="needs the history of this repository")
def test_commits_are_a_source(tmp_path: Path) -> None:
    """What the generator writes is what the benchmark reads."""
    assert "git" in SOURCES
    made = list(transcripts.transcripts("git", "calls", 5, 2, [14_000]))
    assert [case.files for case in load(_file(tmp_path, *(one.row() for one in made)))] == [one.files for one in made]
