"""Memories of 200 repositories, a few of them large: how long searching and storing take, and what a search misses."""

import asyncio
import functools
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Connection, create_engine, insert, text

from bot.adapters.store import SqlStore, memory_index, memory_statements, recalling
from bot.adapters.store.database import use_sqlite_well
from bot.adapters.store.memory_rows import memory_values
from bot.adapters.store.memory_tables import MemoryRow, PostingsRow, ScopeRow, TermRow
from bot.core.memory.documents import Document, document, entries, number
from bot.core.memory.memories import Memory, Query
from bot.core.memory.ranking import USUAL, Reach
from bot.core.memory.words import terms
from bot.core.repository import Repo
from tests.benchmarks.memory_data import Issue, Question, tasks
from tests.benchmarks.memory_methods import NaiveFts5, Timed, percentile
from tests.benchmarks.rows import Row, bench_row

REPOSITORIES = 200
LINES = 8
"""Of real issues, put together to a made-up one."""
BATCH = 2_000
UNLIMITED = Reach(postings=10**9, candidates=10**9)
SEARCHES = 300
INSERTS = 200
AT_ONCE = 10
"""Memories that one run teaches."""
NAIVE_MOST, NAIVE_SEARCHES = 100_000, 10


def rows(sets: Sequence[Sequence[Issue]], sizes: Sequence[int]) -> list[Row]:
    """For each number of memories: p50 and p95 of a search, the recall it loses by its limits, and of storing one."""
    return [row for size in sizes for row in asyncio.run(_measure(World(sets, size)))]


class World:
    """Made-up issues of repositories whose sizes follow Zipf's law, and among them real ones with a known duplicate."""

    def __init__(self, sets: Sequence[Sequence[Issue]], size: int) -> None:
        self.size = size
        self.chance = random.Random(size)
        self.questions = [self._placed(question) for one in sets for task in tasks(one) for question in task.questions]
        self.planted = {issue.id: issue for one in sets for issue in one}
        asked = {id_ for question in self.questions for id_ in (question.issue.id, *question.gold)}
        spare = [issue.text for one in sets for issue in one if issue.id not in asked]
        lines = dict.fromkeys(line for issue in spare for line in issue.splitlines() if 2 < len(line.split()) < 60)
        self.lines = [(line, [number(term) for term in terms(line)]) for line in lines]

    def sizes(self) -> list[int]:
        whole = sum(1 / rank for rank in range(1, REPOSITORIES + 1))
        return [max(round(self.size / whole / rank), 1) for rank in range(1, REPOSITORIES + 1)]

    def duplicates(self) -> list[Question]:
        """Questions with the repository where their gold is."""
        return [question for question in self.questions if question.issue.dups]

    def issues(self, repository: int) -> Iterator[tuple[Issue, Document]]:
        """The repository's issues; the planted ones come first."""
        place = f"bench/r{repository}"
        gold = {id_ for question in self.duplicates() if question.issue.repo == place for id_ in question.gold}
        for id_ in sorted(gold):
            issue = replace(self.planted[id_], repo=place)
            yield issue, document(issue.memory())
        for count in range(self.sizes()[repository - 1] - len(gold)):
            chosen = self.chance.choices(self.lines, k=LINES)
            weights = Counter(itertools.chain(*(numbers for _, numbers in chosen), *[chosen[0][1][:8]] * 4))
            words = "\n".join(line for line, _ in chosen)
            yield Issue(f"r{repository}-{count}", place, words, count), Document(dict(weights), weights.total())

    def _placed(self, question: Question) -> Question:
        repository = self.chance.choices(range(1, REPOSITORIES + 1), [1 / n for n in range(1, REPOSITORIES + 1)])[0]
        return replace(question, issue=replace(question.issue, repo=f"bench/r{repository}"))


async def _measure(world: World) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "memories.db"
        store = SqlStore(f"sqlite:///{path}")
        await store.open()
        naive = NaiveFts5() if world.size <= NAIVE_MOST else None
        _fill(path, world, naive)
        try:
            return [*await _searches(store, world, naive), *await _recall(store, world), *await _inserts(store, world)]
        finally:
            await store.close()


def _fill(path: Path, world: World, naive: NaiveFts5 | None) -> None:
    """As `remember` would, but in large transactions and without looking for what is alike."""
    engine = create_engine(f"sqlite:///{path}")
    use_sqlite_well(engine)
    with Progress(transient=True, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"{world.size:,} memories", total=world.size)
        sequence = itertools.count(1)
        for repository in range(1, REPOSITORIES + 1):
            with engine.begin() as connection:
                _fill_scope(connection, repository, world, sequence, naive)
            progress.advance(bar, world.sizes()[repository - 1])
    engine.dispose()


def _fill_scope(
    connection: Connection, scope: int, world: World, sequence: Iterator[int], naive: NaiveFts5 | None
) -> None:
    place = {"number": scope, "owner": "bench", "repo": f"r{scope}", "memories": 0, "length": 0}
    connection.execute(insert(ScopeRow), [place])
    frequencies: Counter[int] = Counter()
    length = 0
    issues = world.issues(scope)
    while batch := [(next(sequence), *pair) for pair in itertools.islice(issues, BATCH)]:
        same = {"scope": scope, "sketch": b""}
        connection.execute(insert(MemoryRow), [memory_values(i.memory()) | same | {"seq": n} for n, i, _ in batch])
        packed = [{"memory": n, "postings": memory_index.packed(found)} for n, _, found in batch]
        connection.execute(insert(PostingsRow), packed)
        keys = [(n, [memory_index.scoped(scope, entry) for entry in entries(found)]) for n, _, found in batch]
        words = [{"memory": n, "words": memory_index.words(theirs)} for n, theirs in keys]
        connection.execute(memory_statements.PUT["sqlite"], words)
        for _, issue, found in batch:
            frequencies.update(entries(found))
            length += found.length
            if naive is not None:
                naive.add(issue)
    counted = sorted(frequencies.items())
    connection.execute(
        insert(TermRow), [{"term": memory_index.scoped(scope, term), "memories": n} for term, n in counted]
    )
    total = {"n": world.sizes()[scope - 1], "length": length, "scope": scope}
    connection.execute(
        text("UPDATE devflow_memory_scopes SET memories = :n, length = :length WHERE number = :scope"), total
    )


async def _searches(store: SqlStore, world: World, naive: NaiveFts5 | None) -> list[Row]:
    asked = world.chance.sample(world.questions, min(SEARCHES, len(world.questions)))
    spent = [await _milliseconds(store.recall(question.issue.query(10))) for question in asked]
    slow: list[float] = []
    if naive is not None:
        timed = Timed(naive, slow)
        for question in asked[:NAIVE_SEARCHES]:
            timed.search(question.issue, 10)
    return [
        _row(world, f"search, p{percent}", percentile(spent, percent), percentile(slow, percent) or None, "ms")
        for percent in (50, 95)
    ]


async def _recall(store: SqlStore, world: World) -> list[Row]:
    """How many duplicates are in the first ten, beside a search that reads and ranks everything."""
    limited, unlimited = [], []
    for question in world.duplicates():
        query = question.issue.query(10)
        for reach, hits in ((USUAL, limited), (UNLIMITED, unlimited)):
            found = await store._open.read_in_thread(functools.partial(_found, query, reach))
            hits.append(len(found & question.gold) / len(question.gold))
    ours, all_of_it = (100 * sum(hits) / max(len(hits), 1) for hits in (limited, unlimited))
    return [_row(world, "R@10, beside a search without limits", ours, all_of_it, "%")]


async def _inserts(store: SqlStore, world: World) -> list[Row]:
    """Storing real issues, each durable by itself or some together, and looking for what is alike; and for their words
    alone."""
    fresh = world.chance.sample(sorted(world.planted.values(), key=lambda issue: issue.id), INSERTS)
    whole, indexed = [], []
    for count, issue in enumerate(fresh):
        memory = replace(issue.memory(), id=f"new{count}", repo=Repo("bench", f"r{count % REPOSITORIES + 1}"))
        whole.append(await _milliseconds(store.remember(memory)))
        put = functools.partial(_put, 2**40 + count, document(memory))
        indexed.append(await store._open.write_in_thread(put))
    together = [await _milliseconds(store.remember_all(batch)) for batch in _batches(fresh)]
    return [
        _row(world, "insert into the index, p50", percentile(indexed, 50), None, "ms"),
        _row(world, "remember one, p50", percentile(whole, 50), None, "ms"),
        _row(world, f"remember one of {AT_ONCE} at once, p50", percentile(together, 50) / AT_ONCE, None, "ms"),
    ]


def _batches(issues: Sequence[Issue]) -> Iterator[list[Memory]]:
    """What as many runs taught, each in a repository of its own."""
    for at in range(0, len(issues), AT_ONCE):
        place = Repo("bench", f"r{at // AT_ONCE + 1}")
        yield [replace(one.memory(), id=f"batch{one.id}", repo=place) for one in issues[at : at + AT_ONCE]]


def _found(query: Query, reach: Reach, database: Connection) -> set[str]:
    return {one.memory.id for one in recalling.recall(database, query, reach)}


def _put(number: int, words: Document, database: Connection) -> float:
    began = time.process_time()
    memory_index.put(database, 1, number, words)
    return 1000 * (time.process_time() - began)


async def _milliseconds(call: Awaitable[object]) -> float:
    began = time.process_time()
    await call
    return 1000 * (time.process_time() - began)


def _row(world: World, case: str, ours: float, baseline: float | None, unit: str) -> Row:
    return bench_row("memory", f"{world.size:,} memories: {case}", ours, baseline, unit)
