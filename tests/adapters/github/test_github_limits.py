"""GitHub's limits: what we do when it says "too many", and how we keep below what it allows."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import httpx
import pytest
import respx
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.github import GitHubAdapter
from bot.adapters.github.limits import AT_ONCE, Window
from bot.ports import GitHubError
from tests.adapters.github.github_rig import API, REPO, SERVER, TOKEN, FakeClock, comment_json, refusal

BASE = "/repos/acme/widget"
ISSUE = {"number": 7, "title": "t", "body": "b", "user": None, "state": "open", "html_url": "https://x"}
Note = TypeVar("Note")
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def adapter(clock: FakeClock, *, interval: float = 1.0, max_wait: float = 900.0) -> GitHubAdapter:
    return GitHubAdapter.for_token(
        TOKEN,
        api_url=API,
        server_url=SERVER,
        clock=clock,
        max_wait_seconds=max_wait,
        write_interval_seconds=interval,
    )


def reset_in(clock: FakeClock, seconds: float) -> str:
    return str(int(clock.now().timestamp() + seconds))


@pytest.mark.parametrize("status", [403, 429])
async def test_retry_after_is_obeyed(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock, status: int
) -> None:
    """It comes before every other header."""
    route = api.get(f"{BASE}/issues/7")
    headers = {"retry-after": "42", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset_in(clock, 600)}
    route.side_effect = [refusal(status, SECONDARY, headers), httpx.Response(200, json=ISSUE)]
    await github.issue(REPO, 7)
    assert clock.passed == pytest.approx(42)


@pytest.mark.parametrize("status", [403, 429])
async def test_a_spent_quota_waits_for_its_reset(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock, status: int
) -> None:
    """By `x-ratelimit-reset`, and a second more because it has no fractions."""
    route = api.get(f"{BASE}/issues/7")
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset_in(clock, 600)}
    route.side_effect = [refusal(status, "API rate limit exceeded", headers), httpx.Response(200, json=ISSUE)]
    await github.issue(REPO, 7)
    assert clock.passed == pytest.approx(601)


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-ratelimit-remaining": "4000", "x-ratelimit-reset": "1777900000"}, {"retry-after": "soon"}],
    ids=["none", "of the other limit", "not a number"],
)
@pytest.mark.parametrize("status", [403, 429])
async def test_a_limit_without_a_time_waits_a_minute_then_two_then_four(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock, status: int, headers: dict[str, str]
) -> None:
    """A secondary limit tells nothing, or the reset of a quota that is not spent."""
    route = api.get(f"{BASE}/issues/7")
    limited = refusal(status, SECONDARY, headers)
    fine = httpx.Response(200, json=ISSUE)
    route.side_effect = [limited, limited, limited, fine, limited, fine]
    await github.issue(REPO, 7)
    assert clock.passed == pytest.approx(60 + 120 + 240)
    await github.issue(REPO, 7)
    assert clock.passed == pytest.approx(420 + 60), "an answer in between starts from a minute again"


async def test_a_403_without_signs_of_a_limit_is_a_refusal(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """No waiting for a permission that is not there."""
    headers = {"x-ratelimit-remaining": "4000", "x-ratelimit-reset": reset_in(clock, 600)}
    api.get(f"{BASE}/issues/7").mock(return_value=refusal(403, "Resource not accessible by integration", headers))
    with pytest.raises(GitHubError, match="needs `Issues: read`"):
        await github.issue(REPO, 7)
    assert clock.sleeps == []


async def test_a_wait_beyond_the_cap_is_an_error_that_says_when(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """At once, and without another request until then, from anybody."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset_in(clock, 2400)}
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(403, "API rate limit exceeded", headers))
    with pytest.raises(GitHubError) as caught:
        await github.issue(REPO, 7)
    assert str(caught.value) == (
        "Could not read acme/widget#7: GitHub's rate limit is reached. "
        "It will work again at 2026-05-04 12:40:01 UTC, in 40 min."
    )
    assert caught.value.status == 429
    with pytest.raises(GitHubError, match="edit comment 1 in acme/widget: GitHub's rate limit is reached"):
        await github.edit_comment(REPO, 1, "x")
    assert route.call_count == len(api.calls) == 1
    assert clock.sleeps == []


async def test_waits_in_a_row_add_up_to_the_cap(github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock) -> None:
    """60 + 120 + 240 + 480 are 15 minutes; then the call gives up."""
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(429, SECONDARY))
    with pytest.raises(GitHubError, match="in 16 min"):
        await github.issue(REPO, 7)
    assert route.call_count == 5
    assert clock.passed == pytest.approx(900)


async def test_the_cap_is_the_constructors(api: respx.MockRouter, clock: FakeClock) -> None:
    """A command line does not want to wait 15 minutes."""
    api.get(f"{BASE}/issues/7").mock(return_value=refusal(429, SECONDARY, {"retry-after": "11"}))
    async with adapter(clock, max_wait=10) as github:
        with pytest.raises(GitHubError, match="rate limit is reached"):
            await github.issue(REPO, 7)
    assert clock.sleeps == []


async def test_one_limit_pauses_all_requests(github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock) -> None:
    """Reads and writes of every kind wait until it is over."""
    times: list[float] = []

    limited = api.get(f"{BASE}/issues/7")
    fine = httpx.Response(200, json=ISSUE)
    limited.side_effect = [refusal(429, SECONDARY, {"retry-after": "300"}), fine]
    api.get(f"{BASE}/issues/8").mock(side_effect=noting(times, lambda: clock.passed, fine))
    api.post(f"{BASE}/issues/comments/1/reactions").mock(side_effect=noting(times, lambda: clock.passed, fine))
    api.patch(f"{BASE}/issues/comments/1").mock(side_effect=noting(times, lambda: clock.passed, fine))
    first = asyncio.create_task(github.issue(REPO, 7))
    while not limited.called:
        await asyncio.sleep(0)
    await asyncio.gather(first, github.issue(REPO, 8), github.react(REPO, 1, "eyes"), github.edit_comment(REPO, 1, "x"))
    assert len(times) == 3
    assert min(times) >= 300


async def test_requests_that_were_under_way_do_not_lengthen_the_pause(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """Ten answers "too many" to requests sent together are one limit: a minute, not ten doublings."""
    answered: list[int] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        answered.append(1)
        return refusal(429, SECONDARY) if len(answered) <= 10 else httpx.Response(200, json=ISSUE)

    api.get(f"{BASE}/issues/7").mock(side_effect=answer)
    await asyncio.gather(*(github.issue(REPO, 7) for _ in range(10)))
    assert clock.passed == pytest.approx(60)


async def test_no_more_than_twenty_requests_are_under_way(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """The rest wait their turn; all are answered."""
    under_way, most = 0, 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(50):
            await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200, json=ISSUE)

    api.get(f"{BASE}/issues/7").mock(side_effect=answer)
    answers = await asyncio.gather(*(github.issue(REPO, 7) for _ in range(60)))
    assert len(answers) == 60
    assert most == AT_ONCE == 20


async def test_a_cancelled_call_gives_its_place_back(github: GitHubAdapter, api: respx.MockRouter) -> None:
    """Twenty calls cancelled in mid-air leave room for twenty more."""
    arrived, full, stuck = list[httpx.Request](), asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        arrived.append(request)
        if len(arrived) == AT_ONCE:
            full.set()
        await stuck.wait()
        return httpx.Response(200, json=ISSUE)

    api.get(f"{BASE}/issues/7").mock(side_effect=hang)
    tasks = [asyncio.create_task(github.issue(REPO, 7)) for _ in range(30)]
    await full.wait()
    for task in tasks:
        task.cancel()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    stuck.set()
    answers = await asyncio.gather(*(github.issue(REPO, 7) for _ in range(30)))
    assert len(answers) == 30


def noting(notes: list[Note], note: Callable[[], Note], answer: httpx.Response) -> Callable[..., httpx.Response]:
    """Answers a request and keeps a note of it."""

    def effect(_: httpx.Request) -> httpx.Response:
        notes.append(note())
        return answer

    return effect


def stamps(api: respx.MockRouter, clock: FakeClock) -> list[float]:
    """When each comment arrives."""
    times: list[float] = []
    answer = httpx.Response(201, json=comment_json(1))
    api.post(f"{BASE}/issues/7/comments").mock(side_effect=noting(times, lambda: clock.passed, answer))
    return times


async def test_comments_are_a_second_apart(github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock) -> None:
    """However many are written at once."""
    times = stamps(api, clock)
    await asyncio.gather(*(github.create_comment(REPO, 7, str(i)) for i in range(5)))
    assert times == pytest.approx([0, 1, 2, 3, 4])


async def test_comments_edits_and_pull_requests_share_the_pace_and_reads_do_not(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """A read between two writes does not wait."""
    times = stamps(api, clock)
    fine = httpx.Response(200, json=ISSUE)
    api.patch(f"{BASE}/issues/comments/1").mock(side_effect=noting(times, lambda: clock.passed, fine))
    api.get(f"{BASE}/issues/7").mock(side_effect=noting(times, lambda: clock.passed, fine))
    await github.create_comment(REPO, 7, "a")
    await github.issue(REPO, 7)
    await github.edit_comment(REPO, 1, "b")
    assert times == pytest.approx([0, 0, 1])


async def test_eighty_a_minute_and_five_hundred_an_hour_are_never_reached(
    api: respx.MockRouter, clock: FakeClock
) -> None:
    """With no pause between writes the windows alone keep below GitHub's limits; it waits, it does not fail."""
    times = stamps(api, clock)
    async with adapter(clock, interval=0, max_wait=7200) as github:
        for i in range(700):
            await github.create_comment(REPO, 7, str(i))
    assert len(times) == 700
    for i, start in enumerate(times):
        assert sum(t < start + 60 for t in times[i:]) < 80
        assert sum(t < start + 3600 for t in times[i:]) < 500


async def test_a_full_hour_of_writes_is_an_error_that_says_when(api: respx.MockRouter, clock: FakeClock) -> None:
    """If the wait would pass the cap; it names our limit and not GitHub's."""
    stamps(api, clock)
    async with adapter(clock, interval=0) as github:
        for i in range(499):
            await github.create_comment(REPO, 7, str(i))
        with pytest.raises(GitHubError, match=r"our own limit on writes is reached.* again at 2026-05-04 13:00"):
            await github.create_comment(REPO, 7, "one more")


async def test_nine_hundred_points_a_minute_are_never_reached(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """A read counts 1, any write 5."""
    spent: list[tuple[float, int]] = []
    fine = httpx.Response(200, json=ISSUE)
    api.get(f"{BASE}/issues/7").mock(side_effect=noting(spent, lambda: (clock.passed, 1), fine))
    api.post(f"{BASE}/issues/comments/1/reactions").mock(side_effect=noting(spent, lambda: (clock.passed, 5), fine))
    for _ in range(300):
        await github.issue(REPO, 7)
        await github.react(REPO, 1, "eyes")
    for i, (start, _) in enumerate(spent):
        assert sum(points for at, points in spent[i:] if at < start + 60) < 900
    assert clock.passed >= 60


@given(
    limit=st.integers(1, 9),
    eighths=st.integers(1, 800),
    asks=st.lists(st.tuples(st.integers(0, 400), st.integers(1, 3)), max_size=40),
)
def test_a_window_never_holds_more_than_its_limit(limit: int, eighths: int, asks: list[tuple[int, int]]) -> None:
    """Whoever waits as long as `delay` says may spend, and no window of that length ever holds more.

    In eighths of a second, which floats hold exactly.
    """
    seconds = eighths / 8
    window, now, spent = Window(limit, seconds), 0.0, list[tuple[float, int]]()
    for gap, wanted in asks:
        points = min(wanted, limit)
        now += gap / 8
        delay = window.delay(now, points)
        assert 0 <= delay <= seconds
        if delay:
            assert window.delay(now + delay - 1 / 8, points) > 0, "it could have been shorter"
            now += delay
            assert window.delay(now, points) == 0
        window.spend(now, points)
        spent.append((now, points))
    for end, _ in spent:
        assert sum(p for at, p in spent if end - seconds < at <= end) <= limit


async def test_a_server_that_always_says_one_second_is_not_asked_for_ever(
    github: GitHubAdapter, api: respx.MockRouter, clock: FakeClock
) -> None:
    """Pauses grow all the same, and the call ends within its cap."""
    route = api.get(f"{BASE}/issues/7").mock(return_value=refusal(429, SECONDARY, {"retry-after": "0"}))
    with pytest.raises(GitHubError, match="rate limit is reached"):
        await github.issue(REPO, 7)
    assert clock.sleeps[:4] == pytest.approx([1, 2, 4, 8])
    assert route.call_count == 10
