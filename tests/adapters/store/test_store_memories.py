"""Memories are stored once, found by their words within their repository, judged, replaced and forgotten."""

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.adapters.store import SqlStore
from bot.core.memory.memories import Memory, Query, Remembered, Source, Use
from bot.core.repository import Repo
from bot.core.runs import RunId
from tests.adapters.store.rig import HOSTILE, NOON, WIDGET, later, outputs_of, start_process, stores_at

OTHER = Repo("acme", "gadget")
STRANGER = Repo("evil", "widget")
TOX = "The tests are run with tox in the folder backend, after docker compose has started the database."
MIGRATE = "Every new column needs an alembic migration and a default that both databases can tell."


def a_memory(id_: str = "m1", text: str = TOX, **changes: object) -> Memory:
    memory = Memory(id_, WIDGET, "howto", "How to test", text, Source("run", "r1", "developer"), NOON)
    return replace(memory, **changes)  # type: ignore[arg-type]


async def found(store: SqlStore, words: str, repo: Repo = WIDGET, **more: object) -> list[str]:
    return [one.memory.id for one in await store.recall(Query(repo, words, **more))]  # type: ignore[arg-type]


async def test_a_memory_comes_back_as_it_was(store: SqlStore) -> None:
    """Every field is kept, and a second time changes nothing."""
    memory = a_memory(
        files=("a/b.py",),
        symbols=("Tox.run",),
        subject="how tests are run",
        trust=0.7,
        shared=True,
        uses=3,
        used_at=NOON,
    )
    assert await store.remember(memory) == Remembered(memory, "new")
    assert await store.remember(replace(memory, text="Something else.")) == Remembered(memory, "known")
    assert await store.memory(WIDGET, "m1") == memory
    assert await store.memories(WIDGET) == [memory]
    assert [one.memory for one in await store.recall(Query(WIDGET, "run tox"))] == [memory]


async def test_the_best_fit_is_first(store: SqlStore) -> None:
    """Words of the title, parts of identifiers and changed paths all count; what fits nothing is not found."""
    await store.remember(a_memory("m1"))
    await store.remember(a_memory("m2", MIGRATE, title="Migrations", files=("bot/store/versions/v0001.py",)))
    await store.remember(a_memory("m3", "Uses parseHttpBody for requests.", title="Bodies", kind="lesson"))
    assert (await found(store, "how are the tests run?"))[0] == "m1"
    assert await found(store, "migrations of the store") == ["m2"]
    assert await found(store, "the http_body is empty") == ["m3"]
    assert await found(store, "versions", files=("bot/store/versions/v0002.py",)) == ["m2"]
    assert await found(store, "parse alembic", kinds=("lesson",)) == ["m3"]
    assert await found(store, "parse alembic", limit=1) in (["m2"], ["m3"])
    assert await found(store, "zebra") == []
    assert await found(store, "") == []


async def test_a_repository_sees_its_own_and_what_its_owner_shares(store: SqlStore) -> None:
    """Names of repositories are the same in upper and lower case."""
    await store.remember(a_memory("m1"))
    await store.remember(a_memory("m2", MIGRATE, shared=True))
    assert sorted(await found(store, "tox tests alembic", Repo("ACME", "Widget"))) == ["m1", "m2"]
    assert await found(store, "tox tests alembic", OTHER) == ["m2"]
    assert await found(store, "tox tests alembic", STRANGER) == []
    assert await store.memory(OTHER, "m1") is None
    assert await store.memory(STRANGER, "m2") is None
    assert [m.id for m in await store.memories(OTHER)] == ["m2"]
    assert not await store.set_memory_state(OTHER, "m1", "forgotten")
    assert not await store.set_memory_state(STRANGER, "m2", "forgotten")
    assert (await store.remember(a_memory("m1", repo=STRANGER))).how == "new"


async def test_nearly_the_same_words_are_one_memory(store: SqlStore) -> None:
    """The one that is there keeps the better trust, the later time, and the files of both."""
    await store.remember(a_memory("m1", trust=0.8, files=("a.py",)))
    again = a_memory("m2", TOX + " Yes.", trust=0.3, at=later(60), files=("b.py",), symbols=("Tox",))
    merged = a_memory("m1", trust=0.8, at=later(60), files=("a.py", "b.py"), symbols=("Tox",))
    assert await store.remember(again) == Remembered(merged, "known")
    assert await store.memories(WIDGET) == [merged]
    assert await found(store, "b.py") == ["m1"]


async def test_many_are_stored_at_once_or_not_at_all(store: SqlStore) -> None:
    """They see each other: the same words are one memory, and of two answers the later one holds."""
    first, second = a_memory("m1", subject="tests"), a_memory("m3", "Run nox.", subject="tests", at=later(9))
    many = [first, a_memory("m2", MIGRATE, shared=True), second, a_memory("m4", MIGRATE)]
    kept = await store.remember_all(many)
    assert [(one.memory.id, one.how) for one in kept] == [
        ("m1", "new"),
        ("m2", "new"),
        ("m3", "replaced"),
        ("m2", "known"),
    ]
    assert await found(store, "nox tox") == ["m3"]
    assert await store.remember_all([]) == []
    with pytest.raises(ValueError, match="unpack"):
        await store.remember_all([a_memory("m5", "Five."), a_memory("m6", "Six.", repo=OTHER)])
    assert await store.memory(WIDGET, "m5") is None


async def test_a_template_is_compared_with_the_newest_only(store: SqlStore) -> None:
    """However many memories share its words; the newest of them is found."""
    template = "Steps to reproduce the fault, what was expected, what happened instead, and the version that has it."
    many = [a_memory(f"m{n}", f"{template} {' '.join(f'word{n}x{i}' for i in range(40))}") for n in range(40)]
    assert {one.how for one in await store.remember_all(many)} == {"new"}
    again = replace(many[-1], id="again", text=many[-1].text + " Yes.")
    assert (await store.remember(again)).memory.id == "m39"


async def test_a_new_answer_replaces_the_old_one(store: SqlStore) -> None:
    """Only the newest answer to a question is active, even if it comes first, and if it differs in one number."""
    await store.remember(a_memory("m1", subject="tests"))
    answer = a_memory("m2", TOX.replace("tox", "nox"), subject="tests", at=later(9))
    assert await store.remember(answer) == Remembered(answer, "replaced")
    assert await found(store, "tests tox nox") == ["m2"]
    old = await store.memory(WIDGET, "m1")
    assert old is not None
    assert (old.state, old.replaced_by) == ("replaced", "m2")
    late = await store.remember(a_memory("m3", "Run pytest.", subject="tests", at=later(5)))
    assert (late.memory.state, late.memory.replaced_by, late.how) == ("replaced", "m2", "new")
    assert await found(store, "pytest tests") == ["m2"]


async def test_what_waits_for_approval_is_not_found(store: SqlStore) -> None:
    """Approved, it is found, and takes the place of the older answer."""
    await store.remember(a_memory("m1", subject="tests"))
    waits = a_memory("m2", "Run nox.", subject="tests", state="pending", at=later(9))
    assert (await store.remember(waits)).how == "new"
    assert await found(store, "nox") == []
    assert [m.id for m in await store.memories(WIDGET, states=["pending"])] == ["m2"]
    assert await store.set_memory_state(WIDGET, "m2", "active")
    assert not await store.set_memory_state(WIDGET, "m2", "active")
    assert await found(store, "nox tox tests") == ["m2"]
    assert [m.id for m in await store.memories(WIDGET, states=["replaced"])] == ["m1"]
    with pytest.raises(ValueError, match="replaced"):
        await store.set_memory_state(WIDGET, "m2", "replaced")


async def test_words_of_strangers_add_nothing_to_what_was_approved(store: SqlStore) -> None:
    """What is approved by coming from somebody trusted takes the place of the same words that waited."""
    await store.remember(a_memory("m1", trust=0.4))
    same = a_memory("m2", trust=0.9, state="pending", files=("evil.py",))
    assert await store.remember(same) == Remembered(a_memory("m1", trust=0.4), "known")
    await store.remember(a_memory("m3", MIGRATE, state="pending"))
    known = await store.remember(a_memory("m4", MIGRATE, trust=0.9))
    assert known == Remembered(a_memory("m3", MIGRATE, trust=0.9), "known")
    assert await found(store, "alembic") == ["m3"]


async def test_what_is_forgotten_is_gone_and_stays_away(store: SqlStore) -> None:
    """Its words are erased, from the index too, and neither the same thing nor the same words come back."""
    await store.remember(a_memory("m1", files=("a.py",), symbols=("Tox",), subject="tests"))
    assert await store.set_memory_state(WIDGET, "m1", "forgotten")
    assert not await store.set_memory_state(WIDGET, "m1", "forgotten")
    assert not await store.set_memory_state(WIDGET, "m1", "active")
    gone = await store.memory(WIDGET, "m1")
    assert gone is not None
    assert (gone.title, gone.text, gone.files, gone.symbols, gone.subject) == ("", "", (), (), "")
    assert await found(store, "tox a.py") == []
    assert (await store.remember(a_memory("m1"))).how == "forgotten"
    assert (await store.remember(a_memory("m2", TOX + " Yes.", subject="tests"))).how == "forgotten"
    assert await found(store, "tox a.py") == []
    assert await store.memories(WIDGET) == []
    assert not await store.set_memory_state(WIDGET, "nothing", "forgotten")


async def test_uses_are_noted_once_and_in_order(store: SqlStore) -> None:
    """The same run, unit and memory again changes nothing; unknown memories do no harm."""
    await store.remember(a_memory("m1"))
    run = RunId("r9")
    uses = [
        Use(run, "design", "m1", 1, later(1)),
        Use(run, "tests", "m1", 2, later(2)),
        Use(run, "tests", "x", 1, NOON),
    ]
    await store.note_uses(WIDGET, uses)
    await store.note_uses(WIDGET, [replace(uses[0], rank=7, at=later(99))])
    assert await store.uses(run) == uses
    assert await store.uses(RunId("other")) == []
    used = await store.memory(WIDGET, "m1")
    assert used is not None
    assert (used.uses, used.used_at) == (2, later(2))


async def test_uses_and_verdicts_stay_in_the_repository(store: SqlStore) -> None:
    """A memory of the same id elsewhere, as after an import, counts nothing; what the owner shares counts."""
    for repo in (WIDGET, STRANGER):
        await store.remember(a_memory("m1", repo=repo))
    await store.remember(a_memory("m2", MIGRATE, repo=OTHER, shared=True))
    run = RunId("r9")
    await store.note_uses(WIDGET, [Use(run, "design", one, 1, NOON) for one in ("m1", "m2")])
    assert await store.judge_uses(WIDGET, run, "helped") == 2
    counts = []
    for repo, id_ in ((WIDGET, "m1"), (OTHER, "m2"), (STRANGER, "m1")):
        memory = await store.memory(repo, id_)
        assert memory is not None
        counts.append((memory.uses, memory.helped))
    assert counts == [(1, 1), (1, 1), (0, 0)]


async def test_a_verdict_counts_once_a_run_and_can_change(store: SqlStore) -> None:
    """A memory that was shown twice in a run helped once; a later verdict takes the place of the first."""
    await store.remember(a_memory("m1"))
    run = RunId("r9")
    await store.note_uses(WIDGET, [Use(run, unit, "m1", 1, NOON) for unit in ("design", "tests")])
    counts = []
    for verdict, changed in (("helped", 2), ("helped", 0), ("misled", 2), ("", 2), ("misled", 2)):
        assert await store.judge_uses(WIDGET, run, verdict) == changed  # type: ignore[arg-type]
        judged = await store.memory(WIDGET, "m1")
        assert judged is not None
        counts.append((judged.helped, judged.misled))
    assert counts == [(1, 0), (1, 0), (0, 1), (0, 0), (0, 1)]
    await store.note_uses(WIDGET, [Use(run, "late", "m1", 1, NOON)])
    assert await store.judge_uses(WIDGET, run, "misled") == 1
    assert [use.verdict for use in await store.uses(run)] == ["misled"] * 3
    assert (await store.memories(WIDGET))[0].misled == 1


async def test_what_misled_loses_rank_and_what_helped_gains(store: SqlStore) -> None:
    """Of two that fit alike the one that was right stands first; one that fits much better stays first."""
    for name in ("m1", "m2"):
        text = f"Use the {name} fixture for widgets, it is in conftest."
        await store.remember(a_memory(name, text, title="Fixtures"))
    for memory, verdict in (("m1", "misled"), ("m2", "helped")):
        await store.note_uses(WIDGET, [Use(RunId(memory), "tests", memory, 1, NOON)])
        await store.judge_uses(WIDGET, RunId(memory), verdict)  # type: ignore[arg-type]
    assert await found(store, "widgets fixture") == ["m2", "m1"]
    assert (await found(store, "conftest fixture of m1"))[0] == "m1"


async def test_hostile_words_are_only_words(store: SqlStore) -> None:
    """Syntax of searches and databases, NUL, lone surrogates and a megabyte of text do no harm."""
    hostile = HOSTILE + '" OR * NEAR(a b) title:x -y ^z & | ! <-> :* (\0 \ud800'
    memory = a_memory("m1", hostile, title=hostile, files=(hostile,), symbols=("\0",), subject=hostile)
    assert (await store.remember(memory)).how == "new"
    assert (await store.remember(memory)).how == "known"
    assert await found(store, hostile) == ["m1"]
    assert await found(store, '"') == []
    for number in range(3):
        words = " ".join(random.Random(number).choices("abcdefghijklmnop", k=500_000))
        long = await store.remember(a_memory(f"long{number}", "x" * number + words, files=("f.py",) * 10_000))
        assert len(long.memory.text) <= 20_000
    assert await found(store, "needle " * 100_000) == []
    assert await store.set_memory_state(WIDGET, "m1", "forgotten")
    assert await found(store, hostile) == []


async def test_eight_writers_at_once(two_stores: tuple[SqlStore, SqlStore]) -> None:
    """Of the same memories written by all, each is there once; counts come out right and searches find all."""
    texts = [f"{' '.join(f'{word}{n}' for word in ('alpha', 'beta', 'gamma', 'delta'))} common" for n in range(6)]

    async def write(writer: int) -> None:
        store = two_stores[writer % 2]
        for n in random.Random(writer).sample(range(6), 6):
            text = a_memory(f"w{writer}-{n}", texts[n], title=f"Title {n}", shared=n % 2 == 0)
            answer = a_memory(f"s{writer}-{n}", f"Answer {writer} {n}.", title="Q", subject=f"s{n}")
            await store.remember_all([text, answer] if writer % 3 else [answer, text])
        await store.note_uses(
            WIDGET, [Use(RunId(f"r{writer}"), "u", m.id, 1, NOON) for m in await store.memories(WIDGET)]
        )
        await store.judge_uses(WIDGET, RunId(f"r{writer}"), "helped")

    await asyncio.gather(*(write(writer) for writer in range(8)))
    store = two_stores[0]
    memories = await store.memories(WIDGET)
    assert sorted(m.text for m in memories if not m.subject) == sorted(texts)
    assert sorted(m.subject for m in memories if m.subject) == [f"s{n}" for n in range(6)]
    assert len(await found(store, "common", limit=20)) == 6
    assert all(m.helped == m.uses for m in memories)
    assert max(m.helped for m in memories) <= 8


REMEMBER = """
from bot.core.memory.memories import Memory, Source
from bot.core.repository import Repo
await store.open()
source = Source("run", "", "")
for n in range(20):
    words = " ".join(f"{word}{n}" for word in ("one", "two", "three", "four", "five"))
    await store.remember(Memory(f"{sys.argv[2]}-{n}", Repo("acme", "widget"), "note", "", words, source, NOON))
await store.close()
"""


async def test_two_processes_write_at_once(database_url: str) -> None:
    """What both say is there once, and outlives them."""
    async with stores_at(database_url):
        processes = [start_process(database_url, REMEMBER, name) for name in ("a", "b")]
    outputs_of(processes)
    async with stores_at(database_url) as (store,):
        assert len(await store.memories(WIDGET)) == 20
        assert (await found(store, "three7 four7"))[0] in {"a-7", "b-7"}


def many(count: int) -> list[Memory]:
    """Memories of made-up words, common and rare ones, of different trust and age."""
    chance = random.Random(5)
    words = [f"word{int(chance.paretovariate(0.7))}" for _ in range(4000)]
    return [
        a_memory(
            f"m{n}",
            " ".join(chance.sample(words, 30)),
            title=" ".join(chance.sample(words, 4)),
            trust=chance.random(),
            at=NOON - timedelta(days=n),
            kind=chance.choice(["howto", "note"]),
            shared=n % 5 == 0,
        )
        for n in range(count)
    ]


@pytest.mark.postgres
async def test_both_databases_rank_alike(tmp_path: object, postgres_url: str) -> None:
    """The same memories give the same results with the same scores, in the same order."""
    queries = [Query(WIDGET, memory.text, limit=20) for memory in many(10)]
    queries += [replace(query, kinds=("note",)) for query in queries]
    results = []
    for url in (f"sqlite:///{tmp_path}/x.db", postgres_url):
        async with stores_at(url) as (store,):
            for memory in many(300):
                await store.remember(memory)
            results.append([[(one.memory, one.score) for one in await store.recall(query)] for query in queries])
    assert results[0] == results[1]
    assert all(len(result) == 20 for result in results[0])
