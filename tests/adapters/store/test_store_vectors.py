"""With an embedder memories are found by what they mean, too: contract of both databases, with a real model."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import select

from bot.adapters.embeddings import StaticEmbeddings
from bot.adapters.store import SqlStore, memory_vectors
from bot.adapters.store.memory_tables import VectorRow
from bot.core.memory.memories import Memory, Query, Source, Use
from bot.core.repository import Repo
from bot.core.runs import RunId
from tests.adapters.static_model import MEANINGS, save_model
from tests.adapters.store.rig import NOON, WIDGET

NIGHT, CACHE = "The night theme is in palette.css", "Tests need a cache on port 6379"
OTHER = Repo("acme", "gadget")


def note(id_: str, text: str, **changes: object) -> Memory:
    memory = Memory(id_, WIDGET, "note", text, text, Source("person", "", "ada"), NOON)
    return replace(memory, **changes)  # type: ignore[arg-type]


@pytest.fixture
async def meaning(database_url: str, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """A store that knows what a few words mean."""
    store = SqlStore(database_url, StaticEmbeddings(save_model(tmp_path / "tiny")))
    await store.open()
    yield store
    await store.close()


async def found(store: SqlStore, words: str, repo: Repo = WIDGET, **more: object) -> list[str]:
    return [one.memory.id for one in await store.recall(Query(repo, words, **more))]  # type: ignore[arg-type]


async def kept(store: SqlStore) -> dict[int, str]:
    """The model of each vector, by its memory's number."""
    rows = await store._open.read_in_thread(lambda database: database.execute(select(VectorRow)).all())
    return {row.memory: row.model for row in rows}


async def test_other_words_of_the_same_meaning_are_found(meaning: SqlStore) -> None:
    """What shares neither words nor meaning is not, though something is always nearest."""
    await meaning.remember_all([note("m1", NIGHT), note("m2", CACHE), note("m3", "Ship it on Mondays")])
    assert await found(meaning, "dark mode") == ["m1"]
    assert await found(meaning, "memcached") == ["m2"]
    assert await found(meaning, "zebra") == []
    assert await found(meaning, "dark", kinds=("howto",)) == []


async def test_what_fits_by_words_and_meaning_is_first(meaning: SqlStore) -> None:
    """Before what fits by one of them only."""
    words, both = "Mode of the toolbar is wide", "The black mode"
    await meaning.remember_all([note("m1", NIGHT), note("m2", words), note("m3", both)])
    assert (await found(meaning, "dark mode"))[0] == "m3"
    assert sorted(await found(meaning, "dark mode")) == ["m1", "m2", "m3"]


async def test_meaning_reaches_no_further_than_words(meaning: SqlStore) -> None:
    """Nothing of other repositories, nothing that waits; what the owner shares, where it is asked for."""
    await meaning.remember(note("m1", NIGHT))
    await meaning.remember(note("m2", "Our black is #111", repo=OTHER, shared=True))
    await meaning.remember(note("m3", "Paint it black", state="pending"))
    assert await found(meaning, "dark", OTHER) == ["m2"]
    assert sorted(await found(meaning, "dark")) == ["m1", "m2"]
    assert await found(meaning, "dark", shared=False) == ["m1"]


async def test_what_is_forgotten_leaves_no_vector(meaning: SqlStore) -> None:
    """It would tell what the memory was about."""
    await meaning.remember_all([note("m1", NIGHT), note("m2", CACHE)])
    await found(meaning, "dark")
    assert len(await kept(meaning)) == 2
    await meaning.set_memory_state(WIDGET, "m1", "forgotten")
    assert await found(meaning, "dark") == []
    assert len(await kept(meaning)) == 1


async def test_vectors_are_made_when_they_are_missing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some before each search, for memories that were there before the model, or that another model knew."""
    monkeypatch.setattr(memory_vectors, "AT_ONCE", 2)
    words = SqlStore(database_url)
    await words.open()
    await words.remember_all([note(f"m{n}", f"{word} {n}{n}") for n, word in enumerate(("night", "black", "cache"))])
    assert await found(words, "dark") == []
    assert await kept(words) == {}
    await words.close()
    for meanings in (MEANINGS, MEANINGS[:2]):
        embedder = StaticEmbeddings(save_model(tmp_path / "tiny", meanings))
        store = SqlStore(database_url, embedder)
        await store.open()
        await found(store, "dark")
        assert list((await kept(store)).values()).count(embedder.model) == 2
        assert sorted(await found(store, "dark")) == ["m0", "m1"]
        assert set((await kept(store)).values()) == {embedder.model}
        await store.close()


async def test_what_misled_loses_rank_here_too(meaning: SqlStore) -> None:
    """Of two that mean the same the one that was right stands first."""
    await meaning.remember_all([note("m1", "Paint it black"), note("m2", "Nothing but night")])
    for memory, verdict in (("m2", "misled"), ("m1", "helped")):
        await meaning.note_uses(WIDGET, [Use(RunId(memory), "tests", memory, 1, NOON)])
        await meaning.judge_uses(WIDGET, RunId(memory), verdict)  # type: ignore[arg-type]
    assert await found(meaning, "dark") == ["m1", "m2"]
