"""compose.yaml, played with Podman: PostgreSQL, two workers and a proxy; one worker is killed in the middle of a run.

The services, their rights, files, variables and commands are those of the file. Stood in for are the images that would
have to be fetched, Compose itself, its names (by /etc/hosts) and its health checks (by asking).
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from bot.core.effects import marks_in
from bot.offline.claude import Session
from bot.offline.github import LocalGitHub
from tests.container.composed import command, grace_seconds, options, services
from tests.container.standin import Podman, build_services
from tests.scenarios.parts import HeardClaude
from tests.scenarios.rig import HERE, PEOPLE, REPO, SECRET, app_key, write_widget

pytestmark = pytest.mark.image
FILE = services("compose.yaml", {"POSTGRES_PASSWORD": "p@ss: %w/rd#"})
NETWORK = "devflow-test"
SECONDS = 150
BOT = "devflow[bot]"


class ReachableGitHub(LocalGitHub):
    """A GitHub whose addresses can be reached from containers."""

    def reach_at(self, url: str) -> None:
        self._world.url = url


@dataclass
class Composed:
    """The services that run, and their world."""

    podman: Podman
    image: str
    github: ReachableGitHub
    claude: HeardClaude
    gateway: str
    started: list[str] = field(default_factory=list)

    def start(self, name: str, service: str, image: str, *more: str) -> None:
        """One container of a service, in the network of all."""
        given = [f"--name={name}", f"--hostname={name}", f"--network={NETWORK}", *options(FILE[service]), *more]
        self.started.append(name)
        self.podman.run("run", "--detach", *given, image, *command(FILE[service]))

    def start_all(self, github: str, claude: str) -> None:
        """In the order of `depends_on`; both workers at once, on an empty database."""
        self.start("postgres", "postgres", f"docker.io/library/{FILE['postgres']['image']}", *_HOW_IT_STARTS)
        check = FILE["postgres"]["healthcheck"]["test"]
        assert check[0] == "CMD"
        self.until(lambda: self.said("postgres", *_found(check[1:]), fails=True) == 0, "PostgreSQL to answer")
        variables = _variables(github, claude) | {"DEVFLOW_PRIVATE_KEY": app_key()[0].replace("\n", "\\n")}
        given = [f"--env={name}={value}" for name, value in variables.items()]
        volumes = [f"--volume={place}" for place in FILE["devflow"]["volumes"]]
        assert FILE["devflow"]["deploy"]["replicas"] == 2
        for name in ("worker-1", "worker-2"):
            self.start(name, "devflow", self.image, *given, *volumes, f"--add-host=postgres:{self.address('postgres')}")
        caddy = f"docker.io/library/{FILE['proxy']['image']}"
        ports = [f"--publish=127.0.0.1::{port.split(':')[1]}" for port in FILE["proxy"]["ports"][:1]]
        self.start("proxy", "proxy", caddy, *ports)
        for name in ("worker-1", "worker-2"):
            self.until(partial(self.ready, name), f"{name} to be ready")
        self.name_workers("worker-1", "worker-2")
        published = self.podman.run("port", "proxy").stdout.split(" -> ")[1].strip()
        self.github.hook(f"http://{published}/webhooks/github", SECRET)

    def name_workers(self, *names: str) -> None:
        """Let the proxy find these workers, in this order, by the name of their service."""
        lines = "".join(f"{self.address(name)} devflow\\n" for name in names)
        self.said("proxy", "sh", "-c", f"printf '{lines}' > /etc/hosts")

    def address(self, name: str) -> str:
        where = '{{(index .NetworkSettings.Networks "' + NETWORK + '").IPAddress}}'
        return self.podman.run("inspect", f"--format={where}", name).stdout.strip()

    def said(self, name: str, *argv: str, fails: bool = False) -> int | str:
        """What a program in a container prints, or with `fails` its exit code."""
        done = self.podman.run("exec", name, *argv, check=not fails)
        return done.returncode if fails else done.stdout.strip()

    def ready(self, name: str) -> bool:
        """Whether a worker says that it can do all its work; one that ended is started again, as the file wants it."""
        assert FILE["devflow"]["restart"] == "unless-stopped"
        if self.podman.run("inspect", "--format={{.State.Running}}", name).stdout.strip() == "false":
            self.podman.run("start", name)
        ask = "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=5)"
        return self.said(name, "python", "-c", ask, fails=True) == 0

    def sql(self, query: str) -> list[str]:
        """The rows that the service's own user reads, columns with `|` between them."""
        line = ["psql", "--username=devflow", "--tuples-only", "--no-align", f"--command={query}", "devflow"]
        return str(self.said("postgres", "env", "PGPASSWORD=" + FILE["postgres"]["environment"]["POSTGRES_PASSWORD"],
                             *line, "--host=127.0.0.1")).splitlines()  # fmt: skip

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Ask again and again until it has happened; else say what the containers said."""
        deadline = time.monotonic() + SECONDS
        while not happened():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {SECONDS} s for {what}\n{self.logs()}")
            time.sleep(0.2)

    def logs(self) -> str:
        found = {name: self.podman.run("logs", "--tail=40", name, check=False) for name in self.started}
        return "\n".join(f"--- {name}\n{done.stdout}\n{done.stderr}" for name, done in found.items())

    def comments(self, number: int) -> list[str]:
        return [c.body for c in self.github.comments_on(REPO, number) if c.author == BOT]


_HOW_IT_STARTS = ("--entrypoint=/usr/local/bin/postgres-as-the-official-image-does",)


def _found(argv: list[str]) -> list[str]:
    """Debian keeps PostgreSQL's programs out of PATH."""
    return ["sh", "-c", 'PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; exec "$@"', "sh", *argv]


def _variables(github: str, claude: str) -> dict[str, str]:
    """What people write into `.env`."""
    return {
        "DEVFLOW_WEBHOOK_SECRET": SECRET,
        "DEVFLOW_APP_ID": "4242",
        "DEVFLOW_STATUS_SECONDS": "1",
        "DEVFLOW_WRITE_SECONDS": "0",
        "GITHUB_API_URL": github,
        "GITHUB_SERVER_URL": github,
        "ANTHROPIC_API_KEY": "scripted",
        "ANTHROPIC_BASE_URL": claude,
    }


@contextlib.contextmanager
def lent(gateway: str, url: str) -> Iterator[str]:
    """A server of this machine's loopback, as containers reach it."""
    port = int(url.rpartition(":")[2])
    with socket.create_server((gateway, port)) as listener:
        threading.Thread(target=_lend, args=(listener, port), daemon=True).start()
        yield f"http://{gateway}:{port}"
        listener.shutdown(socket.SHUT_RDWR)


def _lend(listener: socket.socket, port: int) -> None:
    with contextlib.suppress(OSError):
        while True:
            theirs, _ = listener.accept()
            ours = socket.create_connection(("127.0.0.1", port))
            for source, target in ((theirs, ours), (ours, theirs)):
                threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def composed(podman: Podman, image: str, tmp_path: Path) -> Iterator[Composed]:
    build_services(podman, [FILE[name]["image"] for name in ("postgres", "proxy")])
    podman.run("network", "create", NETWORK)
    network = json.loads(podman.run("network", "inspect", NETWORK).stdout)[0]
    # The bridge has its address once a container is in it.
    podman.run("run", "--detach", "--name=first", f"--network={NETWORK}", "--no-healthcheck",
               "--entrypoint=sleep", image, "inf")  # fmt: skip
    gateway = network["subnets"][0]["gateway"]
    github, claude = ReachableGitHub(tmp_path / "github"), HeardClaude()
    with github, claude, lent(gateway, github.url) as github_url, lent(gateway, claude.url) as claude_url:
        github.reach_at(github_url)
        app = github.add_app(4242, app_key()[1])
        github.add_repository(REPO, write_widget(tmp_path / "widget"))
        for login, permission in PEOPLE.items():
            github.add_user(login)
            github.grant(REPO, login, permission)
        github.install(app, REPO)
        made = Composed(podman, image, github, claude, gateway, ["first"])
        try:
            made.start_all(github_url, claude_url)
            yield made
        finally:
            podman.run("rm", "--force", "--time=0", "--volumes", *made.started, check=False)
            podman.run("network", "rm", NETWORK, check=False)


def test_a_run_outlives_its_worker_and_deliveries_find_the_other(composed: Composed) -> None:
    """`kill -9` of the worker that has the run: comments are answered meanwhile, and the other one ends it, with
    nothing made twice."""
    github, claude = composed.github, composed.claude
    claude.plays(Session.load(HERE / "sessions" / "dark-mode.yaml"))
    claude.hangs(phase="implementation")
    issue = github.open_issue(REPO, title="Dark mode", body="Please.", by="maintainer")
    other = github.open_issue(REPO, title="Are you there?", body="", by="maintainer")
    github.comment(REPO, issue, "/dev-workflow", by="maintainer")
    composed.until(lambda: any(asked.fault == "hangs" for asked in claude.requests), "the implementation to begin")

    # Whoever waits for the run's phases may be the other one.
    executes = "SELECT workflow_uuid, executor_id FROM dbos.workflow_status WHERE"
    (found,) = composed.sql(f"{executes} status = 'PENDING' AND workflow_uuid LIKE '%:%'")
    segment, _, executor = found.partition("|")
    dead = executor[: len("worker-N")]
    (living,) = {"worker-1", "worker-2"} - {dead}
    assert composed.sql("SELECT count(*) FROM devflow.worker_lease WHERE expires_at > now()") == ["2"]
    # The worst that a name server can do: it names the dead one, and always first.
    composed.name_workers(dead, living)
    composed.podman.run("kill", "--signal=KILL", dead)

    for _ in range(6):
        github.comment(REPO, other, "/ping", by="maintainer")
    composed.until(lambda: any("Devflow is here" in body for body in composed.comments(other)), "an answer")
    assert github.pulls(REPO) == []
    composed.until(lambda: len(github.pulls(REPO)) == 1, "the pull request")
    composed.until(lambda: "Done" in composed.comments(issue)[0], "the status comment to say so")

    github.wait_idle(SECONDS)
    assert {delivery.status_code for delivery in github.deliveries if delivery.event == "issue_comment"} == {202}
    marks = [mark for body in composed.comments(issue) for mark in marks_in(body)]
    assert len(marks) == len(set(marks)), marks
    assert "sandbox: bubblewrap" in github.pulls(REPO)[0].body
    composed.until(
        lambda: composed.sql(f"{executes} status = 'SUCCESS' AND workflow_uuid = '{segment}'") != [], "the run to end"
    )
    (found,) = composed.sql(f"{executes} workflow_uuid = '{segment}'")
    assert found.startswith(f"{segment}|{living}-")

    composed.podman.run("stop", f"--time={grace_seconds(FILE['devflow'])}", living)
    assert composed.podman.run("inspect", "--format={{.State.ExitCode}}", living).stdout.strip() == "0"
    assert composed.sql("SELECT count(*) FROM devflow.worker_lease WHERE executor_id LIKE '%" + living + "%'") == ["0"]
