"""`devflow memory`: the memories of a repository in the database that the settings name."""

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.bootstrap import embedder_of, open_store
from bot.clock import SystemClock
from bot.core.errors import BotError
from bot.core.memory.adding import added
from bot.core.memory.harvest import safe
from bot.core.memory.memories import Memory, Query, Source, State, memory_id
from bot.core.repository import Repo
from bot.logs import set_up_logs
from bot.ports import Store
from bot.terminal.place import repository_here, settings_here

ALL = 1_000_000
FOUND = 20
BATCH = 200
"""Memories that are taken at once: a server that writes meanwhile waits for no more."""
SHOWN: tuple[State, ...] = ("active", "pending")
EXPORTED: tuple[State, ...] = ("active", "pending", "replaced")
_MEMORY = TypeAdapter(Memory)
T = TypeVar("T")


def list_memories(repo: str, limit: int, *, as_json: bool) -> None:
    """Newest first; those that wait for approval, too."""
    _print(_with_store(repo, lambda store, place: store.memories(place, states=SHOWN, limit=limit)), as_json=as_json)


def search_memories(repo: str, words: str, *, as_json: bool) -> None:
    """Best first."""

    async def search(store: Store, place: Repo) -> list[Memory]:
        found = await store.recall(Query(place, words, limit=FOUND, shared=True))
        return [one.memory for one in found]

    _print(_with_store(repo, search), as_json=as_json)


def add_memory(repo: str, words: str) -> None:
    """As a note of whoever is at the terminal. Raises `BotError` for empty words, and for what was forgotten."""
    if not words.strip():
        raise BotError(
            "There is nothing to remember.", 'Write it behind, as in `devflow memory add "tests need Redis"`.'
        )

    async def add(store: Store, place: Repo) -> str:
        source = Source("person", "", getpass.getuser())
        kept = await store.remember(added(place, words, source, SystemClock().now(), approved=True))
        if kept.how == "forgotten":
            raise BotError(f"This was forgotten as `{kept.memory.id}`.", "Say it in other words if it holds again.")
        return f"{'Known already as' if kept.how == 'known' else 'Remembered as'} {kept.memory.id}."

    _say(_with_store(repo, add))


def set_states(repo: str, ids: Sequence[str], state: State) -> None:
    """Approve or forget memories. Raises `BotError`, and changes nothing, if one of them is not there."""

    async def change(store: Store, place: Repo) -> str:
        found = [await store.memory(place, one) for one in ids]
        if missing := [one for one, memory in zip(ids, found, strict=True) if memory is None]:
            raise BotError(f"Nothing is remembered under `{missing[0]}`.", "`devflow memory list` shows the ids.")
        for one in ids:
            await store.set_memory_state(place, one, state)
        return f"{'Forgotten' if state == 'forgotten' else 'Used from now on'}: {', '.join(ids)}."

    _say(_with_store(repo, change))


def export_memories(repo: str, to: Path | None) -> None:
    """One memory a line, as JSON; of what is forgotten there is nothing to export."""
    found = _with_store(repo, lambda store, place: store.memories(place, states=EXPORTED, limit=ALL))
    lines = "".join(f"{_line(one)}\n" for one in reversed(found))
    if to is None:
        sys.stdout.write(lines)
        return
    try:
        to.write_text(lines, "utf-8")
    except OSError as error:
        raise BotError(
            f"`{to}` cannot be written: {error.strerror}.", "Name a file in a folder that is there."
        ) from error
    _say(f"{len(found)} {'memory' if len(found) == 1 else 'memories'} written to {to}.")


def import_memories(repo: str, file: Path) -> None:
    """All of the file or nothing of it. Raises `BotError` with the line that cannot be read."""
    memories = _read(file)

    async def take(store: Store, place: Repo) -> str:
        moved = [_moved(one, place) for one in memories]
        batches = [moved[at : at + BATCH] for at in range(0, len(moved), BATCH)]
        kept = [one for batch in batches for one in await store.remember_all(batch)]
        counted = {how: sum(one.how == how for one in kept) for how in ("new", "replaced", "known", "forgotten")}
        told = f"{counted['new'] + counted['replaced']} taken, {counted['known']} known already"
        return told + (f", {counted['forgotten']} stay forgotten." if counted["forgotten"] else ".")

    _say(_with_store(repo, take))


def _moved(memory: Memory, place: Repo) -> Memory:
    """The memory as one of this repository; its words are foreign ones again."""
    same = memory.repo == place
    known = memory.id if same else memory_id(place, memory.kind, memory.source.ref, memory.id)
    return replace(
        memory,
        id=known,
        repo=place,
        title=safe(memory.title),
        text=safe(memory.text),
        subject=safe(memory.subject),
        files=tuple(map(safe, memory.files)),
        symbols=tuple(map(safe, memory.symbols)),
    )


def _read(file: Path) -> list[Memory]:
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BotError(
            f"`{file}` cannot be read: {error}.", "Name a file that `devflow memory export` wrote."
        ) from error
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found += [_MEMORY.validate_json(line)] if line.strip() else []
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the line"
            raise BotError(f"`{file}`, line {number}: {place}: {first['msg']}.", "Nothing was imported.") from None
    return found


def _with_store(repo: str, act: Callable[[Store, Repo], Awaitable[T]]) -> T:
    async def run() -> T:
        settings = settings_here()
        set_up_logs(settings.log_level)
        store = open_store(settings, embedder_of(settings))
        await store.open()
        try:
            return await act(store, await _repository(store, repo))
        finally:
            await store.close()

    return asyncio.run(run())


async def _repository(store: Store, named: str) -> Repo:
    """The one that is named, else the only one that there are runs of, else this checkout. Raises `BotError`."""
    if named:
        try:
            return Repo.parse(named)
        except ValueError as error:
            raise BotError(str(error), "Name it as in `--repo acme/widget`.") from error
    repos = list(dict.fromkeys(run.repo for run in await store.runs(limit=1000)))
    if not repos and (here := repository_here()):
        return here
    if len(repos) != 1:
        known = f"There are {', '.join(str(one) for one in repos[:5])}." if repos else "The database knows none yet."
        raise BotError(f"Which repository? {known}", "Name it as in `--repo acme/widget`.")
    return repos[0]


def _print(memories: Sequence[Memory], *, as_json: bool) -> None:
    if as_json:
        _say(json.dumps([json.loads(_line(one)) for one in memories], indent=2))
        return
    if not memories:
        _say("Nothing is remembered here. Runs leave what they learned; `devflow memory add` adds more.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("id", "kind", "says", "from", "state", "used", "helped"):
        table.add_column(name, overflow="fold")
    for one in memories:
        helped = f"{one.helped} of {one.helped + one.misled}" if one.helped + one.misled else ""
        row = (one.id, one.kind, one.title, one.source.by, one.state, str(one.uses), helped)
        table.add_row(*(Text(text) for text in row))
    Console().print(table)


def _line(memory: Memory) -> str:
    return json.dumps(asdict(memory), default=lambda value: value.isoformat(), ensure_ascii=False)


def _say(text: str) -> None:
    print(text)  # noqa: T201
