"""Webhooks: what is told, how it is signed, and what becomes of those that nobody took."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from githubkit.webhooks import verify

from bot.offline.github import LocalGitHub
from tests.offline.github.conftest import APP_ID, WIDGET, Client, Installed, Receiver, TurnableClock

SECRET = "It's a Secret to Everybody"


@pytest.fixture(autouse=True)
def hooked(github: LocalGitHub, app: Installed, receiver: Receiver) -> None:
    github.wait_idle()
    github.hook(receiver.url, SECRET)


def test_a_delivery_is_signed_and_named_as_githubs_are(github: LocalGitHub, receiver: Receiver) -> None:
    """The headers and the signature over the raw body."""
    github.open_issue(WIDGET, title="Größe", by="maria")
    github.wait_idle()
    [arrival] = receiver.arrivals
    assert verify(SECRET, arrival.body, arrival.headers["x-hub-signature-256"])
    assert not verify("other", arrival.body, arrival.headers["x-hub-signature-256"])
    assert verify(SECRET, arrival.body, arrival.headers["x-hub-signature"])
    assert arrival.headers["x-github-event"] == "issues"
    assert arrival.headers["x-github-delivery"] == github.deliveries[-1].guid
    assert arrival.headers["content-type"] == "application/json"
    assert arrival.headers["user-agent"].startswith("GitHub-Hookshot/")
    assert arrival.headers["x-github-hook-id"].isdigit()
    assert arrival.headers["x-github-hook-installation-target-id"] == str(APP_ID)


def test_a_comment_is_told_with_all_that_a_bot_needs(
    github: LocalGitHub, receiver: Receiver, app: Installed, clock: TurnableClock
) -> None:
    """Who, where, through which installation, and when; then what it said before an edit, and that it is gone."""
    number = github.open_issue(WIDGET, title="Dark mode", by="rita")
    comment = github.comment(WIDGET, number, "/dev-workflow", by="maria")
    clock.turn(seconds=30)
    github.edit_comment(WIDGET, comment, "/dev-workflow dark mode", by="maria")
    github.delete_comment(WIDGET, comment, by="maria")
    github.wait_idle()
    assert receiver.names[-3:] == ["issue_comment.created", "issue_comment.edited", "issue_comment.deleted"]
    created = receiver.last("issue_comment.created")
    assert created["installation"]["id"] == app.id
    assert created["repository"]["full_name"] == WIDGET
    assert (created["sender"]["login"], created["sender"]["type"]) == ("maria", "User")
    assert (created["issue"]["number"], created["issue"]["user"]["login"]) == (number, "rita")
    assert created["comment"]["id"] == comment
    assert created["comment"]["author_association"] == "COLLABORATOR"
    assert created["comment"]["performed_via_github_app"] is None
    edited = receiver.last("issue_comment.edited")
    assert edited["changes"] == {"body": {"from": "/dev-workflow"}}
    assert edited["comment"]["body"] == "/dev-workflow dark mode"
    assert edited["comment"]["created_at"] < edited["comment"]["updated_at"]


def test_what_the_bot_does_is_told_too(github: LocalGitHub, receiver: Receiver, bot: httpx.Client) -> None:
    """A bot hears its own comments, and can tell that they are a bot's."""
    number = github.open_issue(WIDGET, title="Dark mode", by="rita")
    bot.post(f"/repos/{WIDGET}/issues/{number}/comments", json={"body": "On it."})
    github.wait_idle()
    told = receiver.last("issue_comment.created")
    assert (told["sender"]["login"], told["sender"]["type"]) == ("devflow[bot]", "Bot")
    assert (told["comment"]["user"]["type"], told["comment"]["performed_via_github_app"]["id"]) == ("Bot", APP_ID)


def test_the_life_of_an_issue_is_told(github: LocalGitHub, receiver: Receiver) -> None:
    """Opened, labelled, edited, unlabelled, closed, reopened; nothing is told of what changed nothing."""
    number = github.open_issue(WIDGET, title="One", by="rita")
    github.label(WIDGET, number, "devflow:grooming", by="maria")
    github.label(WIDGET, number, "devflow:grooming", by="maria")
    github.edit_issue(WIDGET, number, title="Two", by="rita")
    github.edit_issue(WIDGET, number, title="Two", by="rita")
    github.unlabel(WIDGET, number, "devflow:grooming", by="maria")
    github.close_issue(WIDGET, number, by="maria")
    github.close_issue(WIDGET, number, by="maria")
    github.reopen_issue(WIDGET, number, by="maria")
    github.wait_idle()
    actions = ["opened", "labeled", "edited", "unlabeled", "closed", "reopened"]
    assert receiver.names == [f"issues.{action}" for action in actions]
    assert receiver.last("issues.labeled")["label"]["name"] == "devflow:grooming"
    assert receiver.last("issues.edited")["changes"] == {"title": {"from": "One"}}


def test_the_life_of_a_pull_request_is_told(github: LocalGitHub, receiver: Receiver) -> None:
    """Push, opened, commented on as an issue is, labelled as a pull request, closed when merged, base pushed."""
    issue = github.open_issue(WIDGET, title="One", by="rita")
    sha = github.push(WIDGET, "x", {"n": "1", "README.md": None}, "One", by="maria")
    number = github.open_pull(WIDGET, title="One", head="x", body=f"Resolves: #{issue}", by="maria")
    github.comment(WIDGET, number, "/review", by="rita")
    github.label(WIDGET, number, "bug", by="maria")
    merge = github.merge(WIDGET, number, by="maria")
    github.wait_idle()
    assert receiver.names == [
        "issues.opened",
        "push",
        "pull_request.opened",
        "issue_comment.created",
        "pull_request.labeled",
        "pull_request.closed",
        "push",
        "issues.closed",
    ]
    opened = receiver.last("pull_request.opened")["pull_request"]
    assert (opened["number"], opened["head"]["sha"], opened["merged"]) == (number, sha, False)
    assert "pull_request" in receiver.last("issue_comment.created")["issue"]
    assert receiver.last("pull_request.closed")["pull_request"]["merged"] is True
    pushes = [a.payload for a in receiver.arrivals if a.name == "push"]
    assert (pushes[0]["ref"], pushes[0]["created"], pushes[0]["after"]) == ("refs/heads/x", True, sha)
    assert pushes[0]["commits"][0]["added"] == ["n"]
    assert pushes[0]["commits"][0]["removed"] == ["README.md"]
    assert (pushes[1]["ref"], pushes[1]["after"], pushes[1]["forced"]) == ("refs/heads/main", merge, False)


def test_installing_and_pinging_are_told(github: LocalGitHub, receiver: Receiver, keys: tuple[str, str]) -> None:
    """An installation names its repositories, a ping the webhook."""
    github.add_repository("acme/other")
    other = github.install(github.add_app(7, keys[1], slug="other"), "acme/other")
    github.ping()
    github.wait_idle()
    assert receiver.names == ["installation.created", "ping"]
    told = receiver.last("installation.created")
    assert (told["installation"]["id"], [r["full_name"] for r in told["repositories"]]) == (other, ["acme/other"])
    assert receiver.last("ping")["hook"]["config"]["url"] == receiver.url


def test_a_repository_without_an_app_is_told_without_an_installation(github: LocalGitHub, receiver: Receiver) -> None:
    """As from a webhook of the repository itself."""
    github.add_repository("acme/plain")
    github.open_issue("acme/plain", title="t", by="rita")
    github.wait_idle()
    assert "installation" not in receiver.last("issues.opened")


def test_what_nobody_took_is_logged_and_can_be_had_again(
    github: LocalGitHub, receiver: Receiver, client: Client, app: Installed
) -> None:
    """A lost delivery stands in the log as failed; the App asks for it again and gets the same GUID and body."""
    github.drop_deliveries()
    number = github.open_issue(WIDGET, title="Lost", by="rita")
    github.comment(WIDGET, number, "arrives", by="rita")
    github.wait_idle()
    assert receiver.names == ["issue_comment.created"]
    signed = client(app.sign())
    arrived, lost = signed.get("/app/hook/deliveries").json()[:2]
    assert (arrived["status_code"], arrived["status"]) == (202, "OK")
    assert (lost["event"], lost["action"], lost["redelivery"]) == ("issues", "opened", False)
    assert (lost["status_code"], lost["installation_id"]) == (502, app.id)
    assert signed.get("/app/hook/deliveries?status=failure").json()[0]["id"] == lost["id"]
    whole = signed.get(f"/app/hook/deliveries/{lost['id']}").json()
    assert whole["request"]["payload"]["issue"]["title"] == "Lost"
    assert whole["request"]["headers"]["X-GitHub-Delivery"] == lost["guid"]
    assert signed.post(f"/app/hook/deliveries/{lost['id']}/attempts").status_code == 202
    github.wait_idle()
    again = receiver.arrivals[-1]
    assert (again.headers["x-github-delivery"], again.payload["issue"]["title"]) == (lost["guid"], "Lost")
    newest = signed.get("/app/hook/deliveries").json()[0]
    assert (newest["guid"], newest["redelivery"], newest["status_code"]) == (lost["guid"], True, 202)
    assert newest["id"] != lost["id"]


def test_the_log_comes_in_pages_by_cursor(github: LocalGitHub, client: Client, app: Installed) -> None:
    """Newest first, and the pages do not shift when more arrives."""
    for number in range(5):
        github.open_issue(WIDGET, title=f"t{number}", by="rita")
    github.wait_idle()
    signed = client(app.sign())
    page = signed.get("/app/hook/deliveries?per_page=2")
    seen = [row["id"] for row in page.json()]
    github.open_issue(WIDGET, title="late", by="rita")
    github.wait_idle()
    while "next" in page.links:
        page = signed.get(page.links["next"]["url"])
        seen += [row["id"] for row in page.json()]
    logged = [delivery.id for delivery in github.deliveries]
    assert seen == sorted(logged[:-1], reverse=True)
    assert signed.get("/app/hook/deliveries?cursor=nonsense").status_code == 400
    assert signed.get("/app/hook/deliveries/1").status_code == 404
    assert client("token-of-maria").get("/app/hook/deliveries").status_code == 401


@pytest.mark.parametrize(("status", "ok"), [(202, True), (500, False), (401, False)])
def test_the_receivers_answer_is_logged(status: int, ok: bool, github: LocalGitHub, receiver: Receiver) -> None:
    """Whatever it said."""
    receiver.status = status
    github.open_issue(WIDGET, title="t", by="rita")
    github.wait_idle()
    delivery = github.deliveries[-1]
    assert (delivery.status_code, delivery.ok, delivery.response) == (status, ok, "taken")


def test_a_receiver_that_is_down_is_no_error(github: LocalGitHub, receiver: Receiver) -> None:
    """Nobody listening, a flag that says so, or no webhook at all: logged as failed, nothing raised."""
    github.hook_down = True
    github.open_issue(WIDGET, title="down", by="rita")
    github.wait_idle()
    github.hook_down = False
    github.hook("http://127.0.0.1:9/closed", SECRET)
    github.open_issue(WIDGET, title="closed", by="rita")
    github.wait_idle()
    assert [d.status_code for d in github.deliveries[-2:]] == [502, 502]
    assert receiver.arrivals == []
    github.hook(receiver.url, SECRET)
    for delivery in github.deliveries[-2:]:
        github.redeliver(delivery.guid)
    github.wait_idle()
    assert [a.payload["issue"]["title"] for a in receiver.arrivals] == ["down", "closed"]


def test_before_there_is_a_webhook_deliveries_fail(github: LocalGitHub) -> None:
    """The installation happened before the webhook was set: it is in the log."""
    first = github.deliveries[0]
    assert (first.event, first.status_code, first.ok) == ("installation", 502, False)


def test_it_can_be_stopped_and_started_again(github: LocalGitHub, receiver: Receiver, client: Client) -> None:
    """An outage: what happens meanwhile is logged as failed; afterwards everything is still there."""
    port = int(github.url.rpartition(":")[2])
    number = github.open_issue(WIDGET, title="before", by="rita")
    github.wait_idle()
    github.stop()
    github.comment(WIDGET, number, "meanwhile", by="rita")
    with pytest.raises(httpx.ConnectError):
        client(None).get("/meta")
    github.start(port)
    assert github.deliveries[-1].status_code == 502
    assert client(None).get(f"/repos/{WIDGET}/issues/{number}/comments").json()[0]["body"] == "meanwhile"
    github.comment(WIDGET, number, "after", by="rita")
    github.wait_idle()
    assert receiver.names == ["issues.opened", "issue_comment.created"]


def test_a_server_that_closes_silent_connections_gets_every_delivery(github: LocalGitHub) -> None:
    """It says that it keeps a connection, and closes it as the next delivery is written to it: none is lost by that."""
    arrived: list[str] = []

    class Impatient(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked = False

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.close_connection = self.asked
            if not self.asked:
                self.asked = True
                arrived.append(str(self.headers["X-GitHub-Event"]))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Impatient) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        github.hook(f"http://127.0.0.1:{server.server_port}/", SECRET)
        number = github.open_issue(WIDGET, title="t", by="rita")
        github.comment(WIDGET, number, "first", by="rita")
        github.comment(WIDGET, number, "second", by="rita")
        github.wait_idle()
        server.shutdown()
        thread.join()
    assert arrived == ["issues", "issue_comment", "issue_comment"]
