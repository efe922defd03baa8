"""Gates are decided once, notes and delegations are kept once, a line is stopped once."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.adapters.store import SqlStore
from bot.core.effects import Effect
from bot.core.people import Delegation, Gate, Halt, Note
from bot.core.repository import Repo
from bot.core.runs import RunId
from tests.samples import a_run

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
REPO = Repo("acme", "widget")


async def test_a_gate_is_decided_once(store: SqlStore) -> None:
    """The first decision holds; a second one is told so."""
    run = a_run()
    await store.add_run(run)
    gate = Gate(run.id, 1, "approval", ("design", "tasks"), "It is risky.", "ab12", opened_at=NOW)
    assert await store.open_gate(gate) == gate
    assert await store.open_gate(replace(gate, why="Another reason.")) == gate
    assert await store.decide_gate(gate, "approved", by="ada", words="", at=NOW)
    assert not await store.decide_gate(gate, "rejected", by="bob", words="No.", at=NOW)
    assert await store.gates(run.id) == [replace(gate, state="approved", by="ada", decided_at=NOW)]
    assert await store.decide_gate(gate, "void", by="eve", words="edited", at=NOW, before=("open", "approved"))
    assert [g.state for g in await store.gates(run.id)] == ["void"]


async def test_a_note_is_kept_once_with_its_last_words(store: SqlStore) -> None:
    """An edited comment is the same note."""
    run = a_run()
    await store.add_run(run)
    note = Note(run.id, 11, "ada", "Use \0 SQLite.", NOW)
    assert await store.add_note(note)
    assert not await store.add_note(replace(note, text="Use PostgreSQL."))
    assert await store.notes(run.id) == [replace(note, text="Use PostgreSQL.")]
    assert await store.notes(RunId("other")) == []


async def test_a_delegation_holds_for_its_issue(store: SqlStore) -> None:
    """What is given twice is given once; other issues do not have it."""
    given = Delegation(REPO, 7, "ada", "retry", "root", NOW)
    assert await store.delegate(given)
    assert not await store.delegate(replace(given, by="somebody"))
    assert await store.delegations(REPO, 7) == [given]
    assert await store.delegations(REPO, 8) == []
    assert await store.delegations(Repo("acme", "other"), 7) == []


async def test_a_line_is_stopped_and_let_go(store: SqlStore) -> None:
    """The first halt stays until the line is let go."""
    halt = Halt(REPO, "ada", "release week", NOW)
    assert await store.halt(halt)
    assert not await store.halt(replace(halt, by="bob"))
    assert await store.halted(REPO) == halt
    assert await store.unhalt(REPO) == halt
    assert await store.unhalt(REPO) is None
    assert await store.halted(REPO) is None


async def test_an_effect_can_be_rewritten_until_it_is_made(store: SqlStore) -> None:
    """What GitHub has stays as it is."""
    effect = Effect(RunId("r"), "k", "comment", REPO, "7", "before")
    await store.add_effect(effect)
    await store.rewrite_effect(effect, "after")
    assert (await store.add_effect(effect)).body == "after"
    await store.effect_done(effect, "1")
    await store.rewrite_effect(effect, "too late")
    assert (await store.add_effect(effect)).body == "after"


async def test_runs_since_a_moment_and_their_outcome(store: SqlStore) -> None:
    """Only the repository's own runs count; what became of a pull request is kept."""
    run = a_run()
    await store.add_run(replace(run, created_at=NOW))
    assert [r.id for r in await store.runs_since(run.repo, NOW)] == [run.id]
    assert await store.runs_since(Repo("acme", "other"), NOW) == []
    assert await store.runs_since(run.repo, NOW.replace(hour=13)) == []
    await store.set_outcome(run.id, "merged")
    found = await store.run(run.id)
    assert found is not None
    assert found.outcome == "merged"
