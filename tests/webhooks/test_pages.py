"""The pages: what they show, that they show it safely, and how they follow a run."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest

import webhooks
from bot.core.conversation import Usage
from bot.core.expected import Estimate, Range
from bot.core.memory.adding import added
from bot.core.memory.memories import TAUGHT, Source, Use
from bot.core.runs import PhaseResult
from tests.webhooks.served import ExampleBot, a_run, serving, until
from webhooks.dashboard import duration, money
from webhooks.feed import MOST_READERS, POLL_SECONDS
from webhooks.guard import CONTENT_POLICY

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)>"
START = datetime(2026, 3, 1, 9, 29, tzinfo=UTC)
RUN = a_run()
REQUIREMENTS = PhaseResult(
    RUN.id,
    "requirements",
    "business-analyst",
    "done",
    summary="Three requirements.",
    output="# Requirements\n1. A dark theme.",
    started_at=START,
    ended_at=START + timedelta(seconds=83),
    usage=Usage(1000, 200),
    usd=0.42,
)


async def test_the_dashboard_shows_runs_newest_first(bot: ExampleBot) -> None:
    """Issue, state, phase, pull request, time and cost of each run, in HTML that needs no script."""
    await bot.store.add_run(RUN)
    await bot.store.save_phase(REQUIREMENTS)
    await bot.store.set_pull(RUN.id, 8)
    await bot.store.add_run(a_run("260301-093100-def", title="Light mode", issue=9))
    async with serving(bot) as (_, client):
        page = (await client.get("/")).text

    assert page.index("Light mode") < page.index("Dark mode")
    assert 'href="/runs/260301-093000-abc"' in page
    assert 'href="https://github.example/acme/widget/issues/7"' in page
    assert 'href="https://github.example/acme/widget/pull/8"' in page
    assert "requirements (1 of 2)" in page
    assert "$0.42" in page
    assert "2026-03-01 09:29 UTC" in page


async def test_a_runs_page_shows_what_was_expected(bot: ExampleBot) -> None:
    """Range, median, time and where they come from; numbers under `/api`."""
    guess = Estimate(Range(0.4, 0.8, 1.9), Range(200.0, 400.0, 900.0), "kind", 14, 3)
    await bot.store.add_run(replace(RUN, plan=replace(RUN.plan, estimate=guess)))
    async with serving(bot) as (_, client):
        page = (await client.get(f"/runs/{RUN.id}")).text
        whole = (await client.get(f"/api/runs/{RUN.id}")).json()
    shown = "$0.40 to $1.90, most likely $0.80, and 3 to 15 min of work (14 runs of this kind here)"
    assert f"<dt>Expected</dt><dd>{shown}</dd>" in page
    assert whole["estimate"]["usd"] == {"low": 0.4, "mid": 0.8, "high": 1.9}


async def test_an_empty_dashboard_says_how_to_begin(bot: ExampleBot) -> None:
    """The first thing a new user sees is the next step."""
    async with serving(bot) as (_, client):
        assert "/dev-workflow" in (await client.get("/")).text


async def test_a_runs_page_shows_all_its_phases(bot: ExampleBot) -> None:
    """Phases in the order of the plan, those to come too, with agent, state, time, cost and what came out."""
    await bot.store.add_run(RUN)
    await bot.store.save_phase(REQUIREMENTS)
    async with serving(bot) as (_, client):
        page = (await client.get(f"/runs/{RUN.id}")).text

    assert page.index("business-analyst") < page.index("architect")
    assert '<span class="state done">done</span>' in page
    assert '<span class="state waiting">waiting</span>' in page
    assert "1 min 23 s" in page
    assert "$0.42 of $5.00, 1,200 tokens" in page
    assert "Three requirements." in page
    assert "1. A dark theme." in page


async def test_hostile_text_is_text(bot: ExampleBot) -> None:
    """Titles come from strangers and outputs from a model: whatever they hold, the browser sees no markup."""
    request = replace(RUN.request, issue_title=HOSTILE, requester=HOSTILE)
    await bot.store.add_run(replace(RUN, request=request))
    await bot.store.save_phase(replace(REQUIREMENTS, agent=HOSTILE, summary=HOSTILE, output="</pre>" + HOSTILE))
    await bot.store.set_run_state(RUN.id, "failed", reason=HOSTILE, at=START)
    async with serving(bot) as (_, client):
        pages = [(await client.get(path)).text for path in ("/", f"/runs/{RUN.id}", "/runs/%3Cscript%3Ealert(1)%3C/b")]
        data = (await client.get(f"/api/runs/{RUN.id}")).json()

    for page in pages[:2]:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for page in pages:
        assert "<script>" not in page
        assert "<img" not in page
        assert page.count("</pre>") <= 1
    assert data["title"] == HOSTILE


async def test_an_unknown_run_is_a_page_too(bot: ExampleBot) -> None:
    """A wrong address gives 404 and a way back; the API gives 404 in its own form."""
    async with serving(bot) as (_, client):
        page = await client.get("/runs/nope%3Cb%3E")
        data = await client.get("/api/runs/nope")

    assert page.status_code == data.status_code == 404
    assert "nope&lt;b&gt;" in page.text
    assert 'href="/"' in page.text
    assert data.json() == {"detail": "There is no such run."}


async def test_every_answer_tells_browsers_to_be_strict(bot: ExampleBot) -> None:
    """No inline script, no frame, no sniffing, no cache: on pages, data, files and errors alike."""
    async with serving(bot) as (_, client):
        for path in ("/", "/api/runs", "/static/live.js", "/runs/none", "/nothing", "/healthz", "/metrics"):
            fields = (await client.get(path)).headers
            assert fields["content-security-policy"] == CONTENT_POLICY, path
            assert fields["x-content-type-options"] == "nosniff", path
            assert fields["cache-control"] == "no-store", path
            assert "server" not in fields, path
    assert "unsafe" not in CONTENT_POLICY


async def test_pages_keep_to_their_own_policy(bot: ExampleBot) -> None:
    """Nothing inline that the policy would block, nothing from another host, and every file that is named is there."""
    await bot.store.add_run(RUN)
    async with serving(bot) as (_, client):
        for path in ("/", f"/runs/{RUN.id}", "/runs/none"):
            page = (await client.get(path)).text
            assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", page)
            for file in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
                assert (await client.get(file)).status_code == 200
    folder = Path(webhooks.__file__).parent
    ours = [*folder.glob("templates/*"), *folder.glob("static/*")]
    assert len(ours) >= 7
    for file in ours:
        assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", file.read_text("utf-8")), file.name


async def test_the_api_gives_runs_as_json(bot: ExampleBot) -> None:
    """All that the pages show, filtered by repository and issue; a wrong question is a 4xx, not an empty answer."""
    await bot.store.add_run(RUN)
    await bot.store.save_phase(REQUIREMENTS)
    await bot.store.add_run(a_run("260301-093100-def", issue=9))
    async with serving(bot) as (_, client):
        all_runs = (await client.get("/api/runs")).json()
        one_issue = (await client.get("/api/runs", params={"repo": "acme/widget", "issue": 7})).json()
        other_repo = (await client.get("/api/runs", params={"repo": "acme/gadget"})).json()
        newest = (await client.get("/api/runs", params={"limit": 1})).json()
        whole = (await client.get(f"/api/runs/{RUN.id}")).json()
        wrong = [
            (await client.get(f"/api/runs?{query}")).status_code for query in ("repo=widget", "limit=0", "issue=x")
        ]

    assert [run["id"] for run in all_runs] == ["260301-093100-def", RUN.id]
    assert [run["id"] for run in one_issue] == [RUN.id]
    assert other_repo == []
    assert [run["id"] for run in newest] == ["260301-093100-def"]
    assert one_issue[0]["phases"][0]["output"] == ""
    assert whole["phases"][0]["output"] == REQUIREMENTS.output
    assert (whole["usd"], whole["tokens"], whole["state"], whole["issue"]) == (0.42, 1200, "queued", 7)
    assert [phase["state"] for phase in whole["phases"]] == ["done", "waiting"]
    assert wrong == [400, 422, 422]


async def next_event(lines: "asyncio.Queue[str]", kind: str) -> dict[str, object]:
    """The data of the next event of that kind."""
    while await lines.get() != f"event: {kind}":
        pass
    found: dict[str, object] = orjson.loads((await lines.get()).removeprefix("data: "))
    return found


async def listen(client: httpx.AsyncClient, lines: "asyncio.Queue[str]") -> None:
    async with client.stream("GET", "/events") as stream:
        async for line in stream.aiter_lines():
            lines.put_nowait(line)


async def test_open_pages_hear_of_changes(bot: ExampleBot) -> None:
    """A run that begins, a phase that begins and a run that ends each arrive as an event; a stop ends the stream."""
    await bot.store.add_run(RUN)
    lines: asyncio.Queue[str] = asyncio.Queue()
    async with serving(bot) as (_, client):
        listening = asyncio.create_task(listen(client, lines))
        assert await next_event(lines, "ready") == {}

        async def after_a_second() -> dict[str, object]:
            await bot.clock.until_sleeping(POLL_SECONDS)
            bot.clock.advance(POLL_SECONDS)
            return await next_event(lines, "run")

        await bot.store.set_run_state(RUN.id, "running")
        assert await after_a_second() == {"id": RUN.id, "state": "running", "phases": {}}
        await bot.store.save_phase(replace(REQUIREMENTS, state="running"))
        assert (await after_a_second())["phases"] == {"requirements": "running"}
        await bot.store.add_run(a_run("260301-093100-def"))
        assert (await after_a_second())["id"] == "260301-093100-def"
        await bot.store.set_run_state(RUN.id, "succeeded", at=bot.clock.now())
        assert (await after_a_second())["state"] == "succeeded"
    await listening


async def test_one_reader_too_many_is_sent_away(bot: ExampleBot) -> None:
    """The answer is a stream without events and a time to come back."""
    async with serving(bot) as (site, client):
        site.feed.readers = MOST_READERS
        refused = await client.get("/events")
        site.feed.readers = 0

    assert "retry: 30000" in refused.text
    assert "event:" not in refused.text


async def test_a_reader_that_leaves_makes_room(bot: ExampleBot) -> None:
    """A closed tab is noticed though nothing changes."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    async with serving(bot) as (site, client):
        listening = asyncio.create_task(listen(client, lines))
        await next_event(lines, "ready")
        assert site.feed.readers == 1
        listening.cancel()
        await until(lambda: site.feed.readers == 0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (3599, "59 min 59 s"), (11220, "3 h 07 min")],
)
def test_durations_read_like_words(seconds: float | None, text: str) -> None:
    """The two largest units, rounded once."""
    assert duration(seconds) == text


@pytest.mark.parametrize(("usd", "text"), [(0, "$0.00"), (0.0004, "$0.01"), (0.424, "$0.42"), (1234.5, "$1,234.50")])
def test_money_is_never_shown_as_nothing(usd: float, text: str) -> None:
    """What cost something costs a cent at least."""
    assert money(usd) == text


async def test_a_run_shows_what_it_was_told_of_earlier_ones(bot: ExampleBot) -> None:
    """Each memory once, with where it was shown; forgotten ones and its own lessons are not among them."""
    await bot.store.add_run(RUN)
    source = Source("person", "", "ada")
    notes = [added(RUN.repo, text, source, START, approved=True) for text in (HOSTILE, "Use Redis here.", "Own lesson")]
    for note in notes:
        await bot.store.remember(note)
    shown, gone, own = (note.id for note in notes)
    uses = [Use(RUN.id, unit, shown, 1, START) for unit in ("design", "tasks")]
    uses += [Use(RUN.id, "design", gone, 2, START), Use(RUN.id, TAUGHT, own, 0, START)]
    await bot.store.note_uses(RUN.repo, uses)
    await bot.store.set_memory_state(RUN.repo, gone, "forgotten")
    async with serving(bot) as (_, client):
        page = (await client.get(f"/runs/{RUN.id}")).text
        data = (await client.get(f"/api/runs/{RUN.id}")).json()
    assert page.count(shown) == 1
    assert "design, tasks" in page
    assert "<script>alert" not in page
    assert [one["id"] for one in data["memories"]] == [shown]
