"""Faults by name: failing, lost and held answers, rate limits; each as often as asked, then never again."""

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import WIDGET, Client

COMMENTS = f"/repos/{WIDGET}/issues/1/comments"


@pytest.fixture(autouse=True)
def an_issue(github: LocalGitHub) -> int:
    return github.open_issue(WIDGET, title="Dark mode", by="rita")


def test_a_request_fails_as_often_as_asked(github: LocalGitHub, maria: httpx.Client) -> None:
    """Only what matches fails, without an effect."""
    github.fails("POST", r"/comments$", status=503, times=2, headers={"Retry-After": "3"}, body={"message": "Busy"})
    assert maria.get(COMMENTS).status_code == 200
    answers = [maria.post(COMMENTS, json={"body": str(n)}) for n in range(3)]
    assert [a.status_code for a in answers] == [503, 503, 201]
    assert (answers[0].json(), answers[0].headers["retry-after"]) == ({"message": "Busy"}, "3")
    assert [c.body for c in github.comments_on(WIDGET, 1)] == ["2"]
    assert [r.status for r in github.requests] == [200, 503, 503, 201]
    assert github.unused_faults == []


def test_an_answer_is_lost_after_the_work_was_done(github: LocalGitHub, maria: httpx.Client) -> None:
    """The client sees 502, and the comment is there: whoever posts blindly again posts twice."""
    github.fails("POST", r"/comments$", after_effect=True)
    assert maria.post(COMMENTS, json={"body": "once"}).status_code == 502
    assert [c.body for c in github.comments_on(WIDGET, 1)] == ["once"]
    assert [r.status for r in github.requests] == [502]


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_connection_breaks(after_effect: bool, github: LocalGitHub, maria: httpx.Client) -> None:
    """Status 0 hangs up, before or after the work."""
    github.fails("POST", r"/comments$", status=0, after_effect=after_effect)
    with pytest.raises(httpx.TransportError):
        maria.post(COMMENTS, json={"body": "lost"})
    assert len(github.comments_on(WIDGET, 1)) == (1 if after_effect else 0)
    assert maria.get(COMMENTS).status_code == 200


def test_a_rate_limit_says_how_long_to_wait(github: LocalGitHub, maria: httpx.Client) -> None:
    """403 with `retry-after`, then all is well."""
    github.rate_limited(times=1, retry_after=7)
    limited = maria.get(COMMENTS)
    assert (limited.status_code, limited.headers["retry-after"]) == (403, "7")
    assert "secondary rate limit" in limited.json()["message"]
    assert maria.get(COMMENTS).status_code == 200


@pytest.mark.parametrize("after_effect", [True, False])
def test_a_request_is_held_until_released(after_effect: bool, github: LocalGitHub, maria: httpx.Client) -> None:
    """The test sees it arrive, looks at the state, and lets it go; other requests are served meanwhile."""
    hang = github.hangs("POST", r"/comments$", after_effect=after_effect)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(maria.post, COMMENTS, json={"body": "late"})
        assert hang.reached.wait(10)
        assert len(github.comments_on(WIDGET, 1)) == (1 if after_effect else 0)
        assert httpx.get(github.api_url + COMMENTS).status_code == 200
        assert not held.done()
        hang.release()
        assert held.result(10).status_code == 201
    assert len(github.comments_on(WIDGET, 1)) == 1


def test_stopping_lets_held_requests_go(github: LocalGitHub, maria: httpx.Client) -> None:
    """A test that ends with a request in the air does not hang."""
    hang = github.hangs("GET", COMMENTS)
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(maria.get, COMMENTS)
        assert hang.reached.wait(10)
        stopper = threading.Thread(target=github.stop)
        stopper.start()
        stopper.join(10)
        assert not stopper.is_alive()
        assert held.exception(10) is None or isinstance(held.exception(), httpx.TransportError)


def test_a_fault_that_did_not_happen_can_be_seen(github: LocalGitHub) -> None:
    """A scenario whose fault was never reached proves nothing, so it is told."""
    github.fails("PUT", "/never")
    assert [f.method for f in github.unused_faults] == ["PUT"]


def test_faults_reach_tokens_and_git_as_well(github: LocalGitHub, client: Client) -> None:
    """Any path can fail, a token's minting or a clone too."""
    github.fails("*", r"/info/refs$", status=500)
    github.fails("POST", r"/access_tokens$", status=500)
    assert client(None).get(f"/{WIDGET}.git/info/refs?service=git-upload-pack").status_code == 500
    assert client(None).post("/app/installations/1/access_tokens").status_code == 500


def test_many_clients_at_once_lose_nothing(github: LocalGitHub, maria: httpx.Client) -> None:
    """Forty comments from eight threads, and a reader beside them: all there, all different."""
    with ThreadPoolExecutor(8) as pool:
        posted = [pool.submit(maria.post, COMMENTS, json={"body": str(n)}) for n in range(40)]
        own = [pool.submit(github.comment, WIDGET, 1, f"own {n}", by="rita") for n in range(10)]
    assert {p.result().status_code for p in posted} == {201}
    assert len({p.result().json()["id"] for p in posted} | {o.result() for o in own}) == 50
    assert len(github.comments_on(WIDGET, 1)) == 50
