"""`devflow state` on a repository that jobs have left state in."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.adapters.workspace import GitRefs
from bot.cli import app
from bot.core.errors import BotError
from bot.core.repository import NO_SHA
from bot.core.state import MEMORY_REF, Manifest, issue_ref, pack
from bot.offline.github import LocalGitHub

REPO = "acme/widget"
LONG_AGO = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalGitHub:
    """Two issues with state, the first one closed; not started."""
    made = LocalGitHub(tmp_path / "github")
    made.add_repository(REPO)
    made.add_user("maintainer")
    made.grant(REPO, "maintainer", "write")
    for _ in range(2):
        made.open_issue(REPO, title="Dark mode", body="Please.", by="maintainer")
    made.close_issue(REPO, 1, by="maintainer")
    monkeypatch.setenv("GITHUB_TOKEN", made.actions_token(REPO))
    monkeypatch.setenv("GITHUB_REPOSITORY", REPO)
    monkeypatch.chdir(tmp_path)
    return made


async def leave(github: LocalGitHub, folder: Path, token: str) -> None:
    refs = GitRefs(folder / "refs.git", f"{github.url}/{REPO}.git", token)
    for number in (1, 2):
        await refs.write(
            issue_ref(number), pack(Manifest("issue", LONG_AGO, runs=("r",)), {"devflow.db": b"x"}), NO_SHA
        )
    await refs.write(MEMORY_REF, {"manifest.json": b'{"format": 9}'}, NO_SHA)


def test_state_is_shown_exported_and_pruned(
    github: LocalGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be read is told and stays; of what is closed long ago nothing is left."""
    with github:
        monkeypatch.setenv("GITHUB_SERVER_URL", github.url)
        monkeypatch.setenv("GITHUB_API_URL", github.url)
        asyncio.run(leave(github, tmp_path, github.actions_token(REPO)))

        def devflow(*words: str) -> str:
            return str(CliRunner().invoke(app, ["state", *words], catch_exceptions=False).stdout)

        rows = {row["ref"]: row for row in json.loads(devflow("show", "--json"))}
        assert (rows[issue_ref(1)]["runs"], rows[issue_ref(1)]["problem"]) == (1, "")
        assert "written by a newer Devflow (format 9" in rows[MEMORY_REF]["problem"]
        assert devflow("export", "out", "--issue", "2").startswith("devflow.db written")
        assert (tmp_path / "out" / "devflow.db").read_bytes() == b"x"
        with pytest.raises(BotError, match="newer Devflow"):
            devflow("export", "out")
        assert devflow("prune") == f"Deleted: {issue_ref(1)}.\n"
        assert {row["ref"] for row in json.loads(devflow("show", "--json"))} == {issue_ref(2), MEMORY_REF}
