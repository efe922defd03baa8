"""`devflow agents --repo` at a terminal: the results of a repository, counted."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.bootstrap import bootstrap, open_store
from bot.cli import app
from bot.core.errors import BotError
from bot.core.routing.results import WorkResult
from bot.settings import Settings, load_settings
from tests.samples import BEGAN, a_run


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one for each test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEVFLOW_DATABASE_URL", f"sqlite:///{tmp_path}/devflow.db")


def say(*words: str) -> str:
    """What `devflow agents` prints. Raises what it raises."""
    result = CliRunner().invoke(app, ["agents", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


async def worked(*oks: bool) -> None:
    """A merged run with so many tasks of the developer."""
    store, run = open_store(load_settings()), a_run()
    await store.open()
    await store.add_run(run)
    await store.set_outcome(run.id, "merged")
    done = [
        WorkResult(run.id, f"implementation/T{n}", "developer", "m", "docs", ok, 0, 0.5, 1.0, BEGAN)
        for n, ok in enumerate(oks)
    ]
    await store.note_results(done)
    await store.close()


def test_results_are_counted() -> None:
    """For each agent and kind of work; nothing for a repository without runs."""
    asyncio.run(worked(True, True, False))
    repo = str(a_run().repo)
    assert json.loads(say("--repo", repo, "--json")) == [
        {"agent": "developer", "work": "docs", "all": 3, "well": 2, "merged": 2, "usd": 0.5}
    ]
    assert say("--repo", repo).splitlines()[1].split() == ["developer", "docs", "2", "3", "2", "$0.50"]
    assert say("--repo", "acme/nothing") == "No run of acme/nothing has ended yet.\n"
    with pytest.raises(BotError, match="'acme' is not owner/name"):
        say("--repo", "acme")


def test_the_usual_model_has_a_place_among_the_models() -> None:
    """A list without it is refused when the server starts, short names are taken."""
    given = {"github_token": "t", "anthropic_api_key": "k", "_env_file": None}
    bootstrap(Settings(**given, models="haiku, claude-sonnet-5-5,opus"))  # type: ignore[arg-type]
    with pytest.raises(BotError, match="DEVFLOW_MODELS has no claude-sonnet-5-5"):
        bootstrap(Settings(**given, models="haiku,opus"))  # type: ignore[arg-type]
