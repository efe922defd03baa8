"""Who may do what: personal tokens, Apps that sign, installation tokens with their limits."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import WIDGET, Client, Installed, TurnableClock

COMMENTS = f"/repos/{WIDGET}/issues/1/comments"


@pytest.fixture(autouse=True)
def an_issue(github: LocalGitHub) -> int:
    return github.open_issue(WIDGET, title="Dark mode", by="rita")


def test_a_token_says_whose_it_is(maria: httpx.Client) -> None:
    """`/user` answers with the owner of a personal token."""
    answer = maria.get("/user")
    assert answer.status_code == 200
    assert (answer.json()["login"], answer.json()["type"]) == ("maria", "User")


def test_an_unknown_token_is_refused_everywhere(client: Client) -> None:
    """A wrong token is worse than none: even what is public answers 401."""
    for path in ("/user", f"/repos/{WIDGET}", "/rate_limit"):
        answer = client("made-up").get(path)
        assert (answer.status_code, answer.json()["message"]) == (401, "Bad credentials")


def test_a_public_repository_is_read_without_a_token_but_not_written(client: Client) -> None:
    """Nobody may read what is public, and must say who they are to write."""
    nobody = client(None)
    assert nobody.get(f"/repos/{WIDGET}").status_code == 200
    assert nobody.post(COMMENTS, json={"body": "hi"}).status_code == 401


def test_a_private_repository_is_unknown_to_strangers(github: LocalGitHub, client: Client, app: Installed) -> None:
    """Whoever has no access sees 404, never 403, so that names do not leak."""
    github.add_repository("acme/secret", private=True)
    github.grant("acme/secret", "maria", "read")
    path = "/repos/acme/secret"
    strangers = [client(None), client("token-of-sam"), client(github.token(app.id))]
    assert [who.get(path).status_code for who in strangers] == [404, 404, 404]
    assert client("token-of-maria").get(path).json()["private"] is True


def test_a_reader_comments_but_does_not_label_or_push(client: Client, github: LocalGitHub) -> None:
    """On a public repository everybody may talk; labels and branches take a role."""
    rita = client("token-of-rita")
    sha = github.branches(WIDGET)["main"]
    assert rita.post(COMMENTS, json={"body": "hi"}).status_code == 201
    assert rita.post(f"/repos/{WIDGET}/issues/1/labels", json={"labels": ["x"]}).status_code == 403
    assert rita.post(f"/repos/{WIDGET}/git/refs", json={"ref": "refs/heads/x", "sha": sha}).status_code == 403
    assert github.issue(WIDGET, 1).labels == ()
    assert list(github.branches(WIDGET)) == ["main"]


def test_people_edit_their_own_comments_only(client: Client, github: LocalGitHub) -> None:
    """A comment is its author's and the maintainers'; a stranger's edit is refused."""
    theirs = github.comment(WIDGET, 1, "mine", by="rita")
    path = f"/repos/{WIDGET}/issues/comments/{theirs}"
    assert client("token-of-sam").patch(path, json={"body": "hijacked"}).status_code == 403
    assert client("token-of-rita").patch(path, json={"body": "edited"}).status_code == 200
    assert client("token-of-maria").delete(path).status_code == 204
    assert github.comments_on(WIDGET, 1) == []


def test_a_labels_of_a_reader_are_dropped_in_silence(client: Client, github: LocalGitHub) -> None:
    """GitHub takes the issue of a person who may only read, without the labels."""
    answer = client("token-of-sam").post(f"/repos/{WIDGET}/issues", json={"title": "t", "labels": ["devflow:run"]})
    assert (answer.status_code, answer.json()["labels"]) == (201, [])
    client("token-of-sam").patch(f"/repos/{WIDGET}/issues/{answer.json()['number']}", json={"labels": ["devflow:run"]})
    assert github.issue(WIDGET, answer.json()["number"]).labels == ()


def test_an_app_signs_to_learn_who_it_is_and_where_it_is_installed(client: Client, app: Installed) -> None:
    """The App's own token opens `/app` and what lists its installations, and nothing of a repository."""
    signed = client(app.sign())
    assert signed.get("/app").json()["slug"] == "devflow"
    assert [i["id"] for i in signed.get("/app/installations").json()] == [app.id]
    assert signed.get(f"/app/installations/{app.id}").json()["account"]["login"] == "acme"
    assert signed.get(f"/repos/{WIDGET}/installation").json()["id"] == app.id
    assert signed.get(f"/repos/{WIDGET}/issues").status_code == 401
    assert signed.get("/user").status_code == 401


def test_a_bad_signature_or_date_is_refused(client: Client, app: Installed, keys: tuple[str, str]) -> None:
    """Expired, too long, from the future, by a stranger, tampered with: 401 each, and it says why."""
    now = datetime.now(UTC)
    good = app.sign()
    bad = {
        "Expiration time": app.sign(now - timedelta(hours=1)),
        "too far in the future": app.sign(now, seconds=3600),
        "Issued at": app.sign(now + timedelta(minutes=5), seconds=60),
        "Integration not found": app.sign(app_id=7),
        "could not be decoded": good[:-8] + "AAAAAAAA",
    }
    for why, token in bad.items():
        answer = client(token).get("/app")
        assert answer.status_code == 401
        assert why in answer.json()["message"]
    assert client(good).get("/app").status_code == 200


def test_an_installation_token_ends_after_an_hour(client: Client, app: Installed, clock: TurnableClock) -> None:
    """A minted token works for an hour of the clock; then it is like any wrong one."""
    minted = client(app.sign()).post(f"/app/installations/{app.id}/access_tokens")
    assert minted.status_code == 201
    assert minted.json()["token"].startswith("ghs_")
    assert minted.json()["expires_at"] == (clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    bot = client(minted.json()["token"])
    clock.turn(minutes=59)
    assert bot.post(COMMENTS, json={"body": "still here"}).json()["user"]["login"] == "devflow[bot]"
    clock.turn(minutes=1)
    assert bot.get(f"/repos/{WIDGET}").status_code == 401


def test_a_token_signed_by_the_turned_clock_is_good_too(client: Client, app: Installed, clock: TurnableClock) -> None:
    """A client may sign by the machine's clock or by the one the test turns."""
    clock.turn(days=3)
    assert client(app.sign(clock.now())).get("/app").status_code == 200
    assert client(app.sign()).get("/app").status_code == 200


def test_a_token_can_be_narrowed_but_not_widened(client: Client, app: Installed, github: LocalGitHub) -> None:
    """Fewer permissions and repositories hold; more than the installation has is 422."""
    mint = f"/app/installations/{app.id}/access_tokens"
    signed = client(app.sign())
    narrow = signed.post(
        mint, json={"permissions": {"contents": "read", "issues": "write"}, "repositories": ["widget"]}
    )
    assert narrow.json()["permissions"] == {"contents": "read", "issues": "write", "metadata": "read"}
    bot = client(narrow.json()["token"])
    sha = github.branches(WIDGET)["main"]
    assert bot.post(COMMENTS, json={"body": "hi"}).status_code == 201
    refused = bot.post(f"/repos/{WIDGET}/git/refs", json={"ref": "refs/heads/x", "sha": sha})
    assert (refused.status_code, refused.json()["message"]) == (403, "Resource not accessible by integration")
    assert signed.post(mint, json={"permissions": {"administration": "write"}}).status_code == 422
    assert signed.post(mint, json={"repositories": ["elsewhere"]}).status_code == 422


def test_an_installation_reaches_its_repositories_only(github: LocalGitHub, bot: httpx.Client) -> None:
    """Other public repositories may be read, not written; the installation can list its own."""
    github.add_repository("acme/other")
    assert [r["full_name"] for r in bot.get("/installation/repositories").json()["repositories"]] == [WIDGET]
    assert bot.get("/repos/acme/other").status_code == 200
    assert bot.post("/repos/acme/other/issues", json={"title": "t"}).status_code == 403
    assert bot.get("/user").status_code == 403


def test_permissions_are_told_in_both_of_githubs_words(github: LocalGitHub, maria: httpx.Client) -> None:
    """A maintainer is `write` in the old word and `maintain` in the new; strangers of the site are 404."""
    github.add_user("max")
    github.grant(WIDGET, "max", "maintain")

    def told(login: str) -> tuple[str, str]:
        body = maria.get(f"/repos/{WIDGET}/collaborators/{login}/permission").json()
        return body["permission"], body["role_name"]

    assert told("maria") == ("write", "write")
    assert told("max") == ("write", "maintain")
    assert told("sam") == ("read", "read")
    assert maria.get(f"/repos/{WIDGET}/collaborators/nobody/permission").status_code == 404


def test_a_revoked_token_is_worthless(github: LocalGitHub, maria: httpx.Client) -> None:
    """Revoking works at once."""
    github.revoke("token-of-maria")
    assert maria.get("/user").status_code == 401
