"""`devflow memory` at a terminal: what it prints, takes and refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.core.errors import BotError


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one for each test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEVFLOW_DATABASE_URL", f"sqlite:///{tmp_path}/devflow.db")


def say(*words: str, repo: str = "acme/widget") -> str:
    """What `devflow memory` prints. Raises what it raises."""
    result = CliRunner().invoke(app, ["memory", *words, "--repo", repo], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_a_note_is_added_found_and_forgotten() -> None:
    """Said twice it is there once; forgotten it is gone, and stays away."""
    say("add", "The tests need Redis")
    assert "Known already" in say("add", "the tests  need redis")
    [found] = json.loads(say("search", "redis", "--json"))
    assert (found["title"], found["source"]["kind"], found["state"]) == ("The tests need Redis", "person", "active")
    say("forget", found["id"])
    assert "Nothing is remembered here" in say("list")
    with pytest.raises(BotError, match="was forgotten"):
        say("add", "The tests need Redis")


def test_what_is_exported_can_be_imported_elsewhere(tmp_path: Path) -> None:
    """Under another repository it is another memory; a second time it is known."""
    say("add", "The tests need Redis")
    say("add", "Releases are cut on Mondays")
    file = str(tmp_path / "memories.jsonl")
    assert "2 memories written" in say("export", "--to", file)
    assert say("import", file, repo="acme/other") == "2 taken, 0 known already.\n"
    assert say("import", file, repo="acme/other") == "0 taken, 2 known already.\n"
    ids = [
        {one["id"] for one in json.loads(say("list", "--json", repo=repo))} for repo in ("acme/widget", "acme/other")
    ]
    assert not ids[0] & ids[1]


def test_secrets_are_kept_nowhere(tmp_path: Path) -> None:
    """Whether they are typed or read from a file, in whatever field."""
    token = "ghp_" + "a" * 36
    say("add", f"The token is {token}")
    [known] = json.loads(say("list", "--json"))
    foreign = {**known, "id": "m1", "title": token, "text": f"Take {token}", "subject": token}
    file = tmp_path / "memories.jsonl"
    file.write_text(json.dumps({**foreign, "files": [token], "symbols": [token]}) + "\n")
    assert say("import", str(file), repo="acme/other").startswith("1 taken")
    assert token not in known["text"] + say("export", repo="acme/other") + say("list", "--json", repo="acme/other")
    assert token not in (tmp_path / "devflow.db").read_bytes().decode("latin-1")


def test_a_broken_file_imports_nothing(tmp_path: Path) -> None:
    """The line is named, and what stands before it is not taken."""
    say("add", "The tests need Redis")
    file = tmp_path / "memories.jsonl"
    say("export", "--to", str(file))
    file.write_text(file.read_text() + '{"id": 1\n')
    with pytest.raises(BotError, match="line 2"):
        say("import", str(file), repo="acme/other")
    assert "Nothing is remembered here" in say("list", repo="acme/other")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", " "), "nothing to remember"),
        (("forget", "mnothing00"), "Nothing is remembered under"),
        (("import", "missing.jsonl"), "cannot be read"),
        (("export", "--to", "no/such/folder.jsonl"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_says_why(words: tuple[str, ...], told: str) -> None:
    """With the cause, and the next step as a hint."""
    with pytest.raises(BotError, match=told) as refused:
        say(*words)
    assert refused.value.hint


def test_the_repository_may_stand_before_what_to_do() -> None:
    """And alone: then its memories are listed."""
    say("add", "The tests need Redis")
    told = [
        CliRunner().invoke(app, ["memory", "--repo", "acme/widget", *words], catch_exceptions=False).output
        for words in ([], ["list"], ["search", "redis"])
    ]
    assert all("The tests need Redis" in text for text in told)
    other = CliRunner().invoke(app, ["memory", "--repo", "acme/other"], catch_exceptions=False)
    assert "Nothing is remembered here" in other.output


def test_a_repository_has_to_be_named_where_none_is_known() -> None:
    """An empty database names none; a name that is none is refused."""
    with pytest.raises(BotError, match="Which repository"):
        CliRunner().invoke(app, ["memory", "list"], catch_exceptions=False)
    with pytest.raises(BotError, match="not owner/name"):
        say("list", repo="widget")
