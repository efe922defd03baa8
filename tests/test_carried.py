"""State in git refs: what a job leaves the next one has, and nobody overwrites what he has not read."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.store import SqliteRecords
from bot.carried import CarriedState, TakenOverError
from bot.core.errors import BotError
from bot.core.memory.memories import Query, Use
from bot.core.people import Halt
from bot.core.repository import NO_SHA, Delivery
from bot.core.routing.results import WorkResult
from bot.core.runs import RunId
from bot.core.state import MANIFEST, MEMORY_REF, MOST_RUNS, Lines, StateError, issue_ref, newest
from tests.adapters.store.rig import NOON, RUN, WIDGET, a_phase, a_run, a_turn, reserve
from tests.carrying import Impatient, a_memory, an_ended_run, job, refs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
REF = issue_ref(7)
RESULT = WorkResult(RUN, "implementation/T1", "developer", "m", "backend", True, 1, 0.25, 2.5, NOON)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """The repository that keeps the refs."""
    path = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


async def texts(folder: Path, remote: Path, home: int = 9) -> set[str]:
    """What a fresh job is told of the repository."""
    async with job(folder, remote, home) as (state, store):
        found = {memory.text for memory in await store.memories(WIDGET)}
        await state.save(last=True)
    return found


async def test_a_run_goes_on_in_a_fresh_folder(tmp_path: Path, remote: Path) -> None:
    """Runs, phases and turns come back as they were; bodies of deliveries do not."""
    async with job(tmp_path / "one", remote) as (state, store):
        await store.add_run(a_run())
        await store.save_phase(a_phase("Words."))
        assert await reserve(store, a_turn())
        await store.accept([Delivery("guid", "issue_comment", b"long")], NOON)
        await store.processed("guid", "answered", NOON)
        await state.save(last=True)
    async with job(tmp_path / "two", remote) as (_, store):
        assert await store.run(RUN) == a_run()
        assert await store.phases(RUN) == [a_phase("Words.")]
        assert len(await store.turns(RUN)) == 1
        assert await store.delivery_outcome("guid") == "answered"


async def test_each_save_replaces_the_last(tmp_path: Path, remote: Path) -> None:
    """A ref is one commit without parents, however often it was written."""
    async with job(tmp_path / "one", remote) as (state, _):
        for _ in range(3):
            await state.save()
        await state.save(last=True)
    listed = subprocess.run(["git", "rev-list", "--count", REF], cwd=remote, capture_output=True, check=True)
    assert listed.stdout.strip() == b"1"


async def test_issues_share_memories_pauses_and_what_runs_cost(tmp_path: Path, remote: Path) -> None:
    """The other issue sees how the run went, not what was said; and leaves it where it is."""
    async with job(tmp_path / "one", remote) as (state, store):
        run = replace(an_ended_run(RUN, 7), outcome="merged")
        await store.add_run(run)
        await store.set_outcome(RUN, "merged")
        await store.save_phase(a_phase("Secret words."))
        assert await reserve(store, a_turn())
        await store.note_results([RESULT])
        await store.remember(a_memory("Tests need Redis."))
        await store.halt(Halt(WIDGET, "ada", "Release.", NOON))
        await state.save(last=True)
    async with job(tmp_path / "two", remote, 9) as (state, store):
        found = await store.run(RUN)
        assert found is not None
        assert (found.state, found.pull_number, found.request.issue_body) == ("succeeded", None, "")
        assert [phase.summary for phase in await store.phases(RUN)] == [""]
        assert [turn.reserved_usd for turn in await store.turns(RUN)] == [a_turn().reserved_usd]
        assert [one.memory.text for one in await store.recall(Query(WIDGET, "Redis"))] == ["Tests need Redis."]
        assert await store.results(WIDGET) == [replace(RESULT, outcome="merged")], (
            "who does which work well travels, too"
        )
        assert await store.halted(WIDGET) is not None
        await store.unhalt(WIDGET)
        await state.save(last=True)
    manifest = json.loads((await refs(tmp_path, remote).read(issue_ref(9))).files[MANIFEST])  # type: ignore[union-attr]
    assert manifest["runs"] == []
    async with job(tmp_path / "three", remote) as (_, store):
        assert await store.halted(WIDGET) is None
        assert (await store.run(RUN)) == run


def test_the_oldest_runs_are_no_longer_shared() -> None:
    """What is read at the start of each job stays small; memories and what wants looking after stay."""
    kept: Lines = {"memory:1": {"text": "Redis"}, "open:9": {"issue": 9}}
    runs: Lines = {f"run:{n}": {"at": f"2026-01-01T{n:06}"} for n in range(MOST_RUNS + 5)}
    assert newest({**runs, **kept}) == {**{name: runs[name] for name in list(runs)[5:]}, **kept}


async def test_what_was_forgotten_stays_so_and_counts_add_up(tmp_path: Path, remote: Path) -> None:
    """Two jobs that began from the same: one forgets a memory that the other has used."""
    async with job(tmp_path / "first", remote) as (state, store):
        kept, gone = a_memory("Tests need Redis."), a_memory("The main color is red.")
        await store.remember(kept)
        await store.remember(gone)
        await state.save(last=True)
    async with job(tmp_path / "a", remote, 7) as (a, one), job(tmp_path / "b", remote, 8) as (b, other):
        await one.set_memory_state(WIDGET, gone.id, "forgotten")
        for store, run in ((one, "1"), (other, "2")):
            await store.note_uses(WIDGET, [Use(RunId(run), "design", memory.id, 1, NOON) for memory in (kept, gone)])
        await a.save(last=True)
        await b.save(last=True)
    async with job(tmp_path / "last", remote, 9) as (_, store):
        assert [(m.text, m.uses) for m in await store.memories(WIDGET)] == [("Tests need Redis.", 2)]
        forgotten = await store.memory(WIDGET, gone.id)
        assert forgotten is not None
        assert (forgotten.state, forgotten.text) == ("forgotten", "")


async def test_two_processes_that_write_at_once_lose_nothing(tmp_path: Path, remote: Path) -> None:
    """Every memory of both is there in the end, whoever was quicker."""
    said = {name: [f"{name} number {n} says {n * 7919}" for n in range(5)] for name in ("alpha", "beta")}
    program = [sys.executable, "-m", "tests.carrying"]
    running = [
        await asyncio.create_subprocess_exec(*program, tmp_path / name, remote, str(home), *said[name], cwd=ROOT)
        for home, name in ((7, "alpha"), (8, "beta"))
    ]
    assert [await process.wait() for process in running] == [0, 0]
    assert await texts(tmp_path / "last", remote) == {*said["alpha"], *said["beta"]}


async def test_a_job_waits_for_the_one_before(tmp_path: Path, remote: Path) -> None:
    """While it lives, and no longer than its lease if it was killed."""
    async with job(tmp_path / "one", remote) as (first, _):
        state = CarriedState(refs(tmp_path / "two", remote), SqliteRecords(tmp_path / "two"), Impatient(), "two")
        await state.load()
        waiting = asyncio.create_task(state.restore(7))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await first.save(last=True)
        await waiting


async def test_a_dead_job_loses_its_issue(tmp_path: Path, remote: Path) -> None:
    """Who comes back after his lease has ended, and somebody has taken over, writes nothing."""
    async with job(tmp_path / "dead", remote) as (dead, store):
        await store.add_run(a_run())
        async with job(tmp_path / "next", remote, shift=1000.0) as (state, _):
            with pytest.raises(TakenOverError):
                await dead.save()
            keeping = asyncio.create_task(dead.keep())
            with pytest.raises(TakenOverError):
                await dead.lost()
            assert not keeping.done()
            keeping.cancel()
            await state.save(last=True)
    async with job(tmp_path / "last", remote, shift=1000.0) as (_, store):
        assert await store.runs() == []


@pytest.mark.parametrize("ref", [REF, MEMORY_REF])
async def test_state_that_cannot_be_read_is_left_alone(tmp_path: Path, remote: Path, ref: str) -> None:
    """The message names the ref and what to do; the ref stays where it was."""
    async with job(tmp_path / "one", remote) as (state, store):
        await store.remember(a_memory("Tests need Redis."))
        await state.save(last=True)
    known = refs(tmp_path, remote)
    good, other = await known.read(ref), await known.read(REF if ref == MEMORY_REF else MEMORY_REF)
    assert good
    assert other
    at = good.sha
    newer = json.dumps({**json.loads(good.files[MANIFEST]), "format": 2, "what": "new"}).encode()
    harms = {
        "newer": {**good.files, MANIFEST: newer},
        "damaged: its manifest": {name: content for name, content in good.files.items() if name != MANIFEST},
        "cannot be unpacked": {**dict.fromkeys(good.files, b"x"), MANIFEST: good.files[MANIFEST]},
        "state belongs": other.files,
    }
    for why, files in harms.items():
        at = await known.write(ref, files, at)
        with pytest.raises(StateError, match=why) as caught:
            async with job(tmp_path / "two", remote):
                pass
        assert ref in str(caught.value)
        assert "othing was changed" in caught.value.hint
        assert (await known.names(ref))[ref] == at


async def test_a_file_that_would_run_something_is_not_opened(tmp_path: Path) -> None:
    """A trigger in what somebody has pushed, or no database at all."""
    for content in (b"nonsense" * 200, _with_trigger(tmp_path)):
        with pytest.raises(BotError, match="no database of Devflow's"):
            SqliteRecords(tmp_path / "state").put({"devflow.db": content})


def _with_trigger(folder: Path) -> bytes:
    import sqlite3

    with sqlite3.connect(folder / "bad.db") as database:
        database.executescript("CREATE TABLE t (x); CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END;")
    database.close()
    return (folder / "bad.db").read_bytes()


async def test_a_ref_is_written_by_compare_and_swap(tmp_path: Path, remote: Path) -> None:
    """Of two that read the same state, the second to write is refused."""
    from bot.ports_state import RefMovedError

    one, two = refs(tmp_path / "one", remote), refs(tmp_path / "two", remote)
    first = await one.write(REF, {"a": b"1"}, NO_SHA)
    with pytest.raises(RefMovedError):
        await two.write(REF, {"a": b"2"}, NO_SHA)
    assert (await two.read(REF)).files == {"a": b"1"}  # type: ignore[union-attr]
    second = await two.write(REF, {"a": b"2"}, first)
    with pytest.raises(RefMovedError):
        await one.write(REF, {"a": b"3"}, first)
    await one.delete(REF, second)
    assert await two.read(REF) is None
