"""Webhook ingress: signed deliveries a second and their latency, ours beside what everybody writes first.

All servers live through the whole measurement and are loaded in turns, so that a busy machine slows all of them alike.
"""

import argparse
import contextlib
import hashlib
import hmac
import importlib.util
import json
import select
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks import ingress_probot
from tests.benchmarks.ingress_servers import SECRET, VARIANTS
from tests.benchmarks.rows import Row, bench_row

_row = partial(bench_row, "ingress")
CONNECTIONS = 16
REQUESTS = 2000
"""For each server and round."""
ROUNDS = 4
"""The first warms up and is not counted."""
ROUND_SECONDS = 6.0
PAYLOAD_BYTES = 27_000
ROOT = Path(__file__).parents[2]


@dataclass
class Figures:
    """Of one server: requests a second of each round, milliseconds of each request."""

    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.latencies, n=100)[percent - 1]


def rows() -> list[Row]:
    """Throughput and latency of ours against a commit a request, and against a server that does nothing."""
    measured, left_out = measure()
    ours, worked, plain, bare = (measured[name] for name in ("ours", "ours, worked on", "commit each", "bare"))
    parser = "httptools" if importlib.util.find_spec("httptools") else "h11"
    against = f"against a commit each ({parser})"
    return [
        _row(f"durable deliveries {against}", ours.rate, plain.rate, "requests/s"),
        _row(f"p50 {against}", ours.percentile(50), plain.percentile(50), "ms"),
        _row(f"p99 {against}", ours.percentile(99), plain.percentile(99), "ms"),
        _row(f"the same, worked on meanwhile, {against}", worked.rate, plain.rate, "requests/s"),
        _row(f"p99, worked on meanwhile, {against}", worked.percentile(99), plain.percentile(99), "ms"),
        _row(f"durable deliveries against a bare 202 ({parser})", ours.rate, bare.rate, "requests/s"),
        *_against_probot(ours, measured.get("probot"), left_out),
    ]


def _against_probot(ours: Figures, probot: Figures | None, left_out: str) -> list[Row]:
    case = f"durable deliveries against probot {ingress_probot.VERSION}"
    if probot is None:
        nothing: Row = dict.fromkeys(("ours", "baseline", "ratio"), None)
        return [{"area": "ingress", "case": f"{case}: left out, {left_out}", "unit": "requests/s"} | nothing]
    return [
        _row(f"{case}, which keeps none", ours.rate, probot.rate, "requests/s"),
        _row(f"p99 against probot {ingress_probot.VERSION}", ours.percentile(99), probot.percentile(99), "ms"),
    ]


def measure() -> tuple[dict[str, Figures], str]:
    """Load every server in turns over loopback: figures by name, and why probot is not among them."""
    body = payload()
    commands = {name: [sys.executable, "-m", "tests.benchmarks.ingress_servers", name] for name in VARIANTS}
    left_out = ""
    try:
        commands["probot"] = ingress_probot.command(SECRET)
    except ingress_probot.LeftOutError as error:
        left_out = str(error)
    figures = {name: Figures() for name in commands}
    with contextlib.ExitStack() as stack:
        ports = {name: stack.enter_context(served(command)) for name, command in commands.items()}
        for turn in range(ROUNDS):
            for name, port in ports.items():
                began = time.perf_counter()
                latencies = load(port, body, f"{turn}-")
                if turn:
                    figures[name].rates.append(len(latencies) / (time.perf_counter() - began))
                    figures[name].latencies += latencies
    return figures, left_out


@contextlib.contextmanager
def served(command: Sequence[str]) -> Iterator[int]:
    """A server in a process of its own, with a folder of its own on a real disk; its port."""
    with (
        tempfile.TemporaryDirectory(dir=ROOT) as folder,
        subprocess.Popen([*command, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def payload() -> bytes:
    """An `issue_comment` delivery of the usual size and shape: a few texts, very many addresses."""
    lists = ["followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events"]
    user = {"login": "octo-maintainer", "id": 583231, "type": "User", "site_admin": False}
    user |= {f"{name}_url": f"https://api.github.com/users/octo-maintainer/{name}" for name in lists}
    names = "archive assignees blobs branches collaborators comments commits compare contents deployments downloads"
    repository = {"id": 1296269, "full_name": "acme/widget", "private": False, "owner": user}
    repository |= {f"{name}_url": f"https://api.github.com/repos/acme/widget/{name}" for name in names.split()}
    labels = [{"id": n, "name": f"area/{n}", "color": "ededed", "description": "Of one kind."} for n in range(20)]
    issue = {"number": 7, "title": "Dark mode", "user": user, "labels": labels, "body": "Please.\r\n"}
    comment = {"id": 11, "user": user, "body": "/dev-workflow", "author_association": "MEMBER"}
    event = {"action": "created", "issue": issue, "comment": comment, "repository": repository, "sender": user}
    line = 'It is "too bright" at night, see the screenshot.\r\n'
    issue["body"] = line * ((PAYLOAD_BYTES - len(json.dumps(event))) // len(json.dumps(line)))
    return json.dumps(event).encode()


def load(port: int, body: bytes, prefix: str) -> list[float]:
    """Post signed deliveries over connections that are kept; milliseconds of each. Bounded in count and time."""
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    head = (
        "POST /webhooks/github HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        "User-Agent: GitHub-Hookshot/044aadd\r\nX-GitHub-Event: issue_comment\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\nX-GitHub-Delivery: {prefix}"
    ).encode()
    tail = b"\r\n\r\n" + body
    with contextlib.ExitStack() as stack, select.epoll() as poll:
        sockets: dict[int, socket.socket] = {}
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets[connection.fileno()] = connection
            poll.register(connection, select.EPOLLIN)
        return _exchange(poll, sockets, head, tail)


def _exchange(poll: select.epoll, sockets: dict[int, socket.socket], head: bytes, tail: bytes) -> list[float]:
    latencies: list[float] = []
    begun: dict[int, float] = {}
    answers = dict.fromkeys(sockets, b"")
    deadline = time.perf_counter() + ROUND_SECONDS
    sent = 0
    for number, connection in sockets.items():
        begun[number] = time.perf_counter()
        connection.sendall(b"%b%d%b" % (head, sent, tail))
        sent += 1
    while len(latencies) < sent and time.perf_counter() < deadline:
        for number, _ in poll.poll(1.0):
            answers[number] += sockets[number].recv(65536)
            if not _complete(answers[number]):
                continue
            now = time.perf_counter()
            latencies.append((now - begun[number]) * 1000)
            answers[number] = b""
            if sent < REQUESTS:
                begun[number] = now
                sockets[number].sendall(b"%b%d%b" % (head, sent, tail))
                sent += 1
    return latencies


def _complete(answer: bytes) -> bool:
    """Whether the whole answer is there. Raises `ValueError` for any other status than 202, or the 200 of probot."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith((b"HTTP/1.1 202", b"HTTP/1.1 200")):
        raise ValueError(f"not taken: {answer!r}")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
    return len(body) >= length


def main() -> None:
    """Print the rows, as JSON if asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true")
    if arguments.parse_args().json:
        print(json.dumps(rows(), indent=2))
        return
    found, left_out = measure()
    if left_out:
        print(f"{'probot':16} left out, {left_out}")
    for name, figures in found.items():
        p50, p99 = figures.percentile(50), figures.percentile(99)
        print(f"{name:16} {figures.rate:8,.0f}/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")


if __name__ == "__main__":
    main()
