"""The Dockerfile as it stands, built on a stand-in for its base, and run as compose.sqlite.yaml says."""

import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import httpx
import pytest

from bot import __version__
from tests.container.composed import grace_seconds, options, services
from tests.container.standin import ROOT, Podman

pytestmark = pytest.mark.image
SECRET = "a secret of the tests"
OURS = services("compose.sqlite.yaml", {})["devflow"]
SECONDS = 60
_LOOK = """
import json, os, re, shutil, sqlite3, sys
from importlib.metadata import distributions
from pathlib import Path

def name(text):
    return re.sub(r"[-_.]+", "-", re.match(r"[\\w.-]+", text)[0]).lower()

there = {name(d.metadata["Name"]): d for d in distributions()}
needed, new = set(), {"devflow-bot"}
while new:
    needed |= new
    new = {name(r) for one in new for r in there[one].requires or ()} & set(there) - needed
unwanted = {".git", ".env", "key.pem", "requirements.lock", "compose.yaml", "planted.pyc", "devflow.db"}
folders = ("/opt", "/data", "/src", "/tmp", "/root", "/home", "/var/cache")
found = [str(Path(top, one)) for folder in folders for top, inside, files in os.walk(folder)
         for one in [*inside, *files] if one in unwanted or one.endswith((".deb", ".whl"))]
ours = Path(next(iter(Path("/opt/devflow/lib").glob("python*/site-packages/bot"))))
print(json.dumps({
    "ids": [os.getuid(), os.getgid(), *os.getgroups()],
    "sqlite": sqlite3.sqlite_version_info,
    "tools": [tool for tool in ("bwrap", "git", "prlimit", "tini") if not shutil.which(tool)],
    "builders": [tool for tool in ("gcc", "cc", "make", "hatchling", "uv", "sudo") if shutil.which(tool)],
    "more": sorted(set(there) - needed),
    "found": found + [str(one) for one in (ours.parent / "tests", ours / "tests") if one.exists()],
    "lists": os.listdir("/var/lib/apt/lists"),
    "uncompiled": [str(f) for f in ours.rglob("*.py") if not list((f.parent / "__pycache__").glob(f.stem + ".*"))],
    "writable": [top for top, _, _ in os.walk("/opt") if os.access(top, os.W_OK)],
    "variables": dict(os.environ),
}))
"""

_ORPHAN = """
import os, time
from pathlib import Path

here, there = os.pipe()
if not os.fork():
    if orphan := os.fork():
        os.write(there, b"%d" % orphan)
    os._exit(0)
os.wait()
status = Path("/proc", os.read(here, 9).decode(), "status")
for _ in range(200):
    if not status.exists():
        break
    time.sleep(0.01)
print("zombie" if status.exists() and "zombie" in status.read_text() else "nothing")
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def server(podman: Podman, image: str, port: int) -> Iterator[str]:
    """The name of a container that serves on that port of this machine."""
    given = {"DEVFLOW_WEBHOOK_SECRET": SECRET, "GITHUB_TOKEN": "none", "DEVFLOW_PORT": str(port)}
    given["GITHUB_API_URL"] = "http://127.0.0.1:1"
    variables = [f"--env={name}={value}" for name, value in given.items()]
    podman.run("run", "--detach", "--name=server", "--network=host", *options(OURS), *variables, image)
    yield "server"
    podman.run("rm", "--force", "--time=0", "--volumes", "server")


def healthy(podman: Podman, image: str, container: str) -> bool:
    """What the image's own health check says, asked until the server has had time to start."""
    check = inspected(podman, image)["Healthcheck"]["Test"]
    assert check[0] == "CMD"
    script = 'for i in $(seq 300); do "$@" 2>/dev/null && exit 0; sleep 0.2; done; exit 1'
    done = podman.run("exec", container, "sh", "-c", script, "sh", *check[1:], check=False, seconds=SECONDS + 30)
    return done.returncode == 0


def inspected(podman: Podman, image: str) -> dict[str, Any]:
    """What Podman knows of an image."""
    found: dict[str, Any] = json.loads(podman.run("image", "inspect", image).stdout)[0]
    return found


def inside(podman: Podman, image: str, *argv: str, entrypoint: str = "python") -> str:
    """The output of a program in a container as the Compose file wants it, without network."""
    given = [*options(OURS), "--network=none", f"--entrypoint={entrypoint}"]
    return podman.run("run", "--rm", *given, image, *argv).stdout


def test_the_image_has_what_runs_and_nothing_else(podman: Podman, image: str) -> None:
    """No root, no builders, no caches, nothing of the checkout but the packages; all compiled, nothing writable."""
    seen = json.loads(inside(podman, image, "-c", _LOOK))
    assert set(seen["ids"]) == {10001}
    assert seen["sqlite"] >= [3, 42]
    empty = ("tools", "builders", "more", "found", "lists", "uncompiled", "writable")
    assert {name: seen[name] for name in empty} == {name: [] for name in empty}
    assert not [name for name in seen["variables"] if name.startswith("PIP_") or "KEY" in name or "SECRET" in name]


def test_the_image_says_what_it_is(podman: Podman, image: str) -> None:
    """The labels that registries and scanners read, true to the package and to the base."""
    labels = inspected(podman, image)["Labels"]
    ours = {key.removeprefix("org.opencontainers.image."): value for key, value in labels.items()}
    assert {"title", "description", "licenses", "version", "revision", "base.name"} <= set(ours)
    assert ours["version"] == __version__ == version("devflow-bot")
    assert f"FROM {ours['base.name'].removeprefix('docker.io/library/')} AS base" in (ROOT / "Dockerfile").read_text()
    assert inside(podman, image, "--version", entrypoint="/opt/devflow/bin/python").startswith("Python 3.13")
    assert inside(podman, image, "version", entrypoint="devflow").strip() == __version__


def test_the_server_takes_deliveries_and_ends_when_it_is_asked_to(
    podman: Podman, image: str, server: str, port: int
) -> None:
    """Healthy by the image's own check; 202 for what is signed; SIGTERM ends it with 0 in the time it is given."""
    assert healthy(podman, image, server), podman.run("logs", server, check=False).stderr
    body = b'{"zen": "Keep it logically awesome."}'
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "1", "X-Hub-Signature-256": signature}
    headers["Content-Type"] = "application/json"
    url = f"http://127.0.0.1:{port}/webhooks/github"
    assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 202
    assert httpx.post(url, content=b"{}", headers=headers, trust_env=False).status_code == 401
    podman.run("stop", f"--time={grace_seconds(OURS)}", server)
    assert podman.run("inspect", "--format={{.State.ExitCode}}", server).stdout.strip() == "0"


def test_the_health_check_fails_where_nothing_answers(podman: Podman, image: str, server: str) -> None:
    """It asks the server, and not whether there is a container."""
    assert healthy(podman, image, server)
    check = inspected(podman, image)["Healthcheck"]["Test"][1:]
    dead = podman.run("exec", "--env=DEVFLOW_PORT=1", server, *check, check=False)
    proxied = podman.run("exec", "--env=HTTP_PROXY=http://127.0.0.1:1", "--env=http_proxy=http://127.0.0.1:1",
                         server, *check, check=False)  # fmt: skip
    assert (dead.returncode != 0, proxied.returncode) == (True, 0)


@pytest.mark.parametrize(("entrypoint", "left"), [("tini", "nothing"), ("devflow", "zombie")])
def test_what_commands_leave_behind_is_reaped(podman: Podman, image: str, entrypoint: str, left: str) -> None:
    """tini does it; the server alone as the first process would not."""
    given = ["--env=DEVFLOW_WEBHOOK_SECRET=x", "--env=GITHUB_TOKEN=none", "--env=GITHUB_API_URL=http://127.0.0.1:1"]
    start = ['--entrypoint=["devflow"]', image, "serve"] if entrypoint == "devflow" else [image]
    name = f"reaps-{entrypoint}"
    podman.run("run", "--detach", f"--name={name}", "--network=none", *options(OURS), *given, *start)
    try:
        assert healthy(podman, image, name)
        assert podman.run("exec", name, "python", "-c", _ORPHAN).stdout.strip() == left
    finally:
        podman.run("rm", "--force", "--time=0", "--volumes", name)


def test_the_demo_holds_in_the_container(podman: Podman, image: str) -> None:
    """A whole run with a read-only root, no network and no capability; its tests in bubblewrap."""
    said = inside(podman, image, "demo", entrypoint="devflow")
    assert "OK: the evidence holds." in said
    assert "sandbox: bubblewrap" in " ".join(said.split())


def test_without_its_options_the_container_says_what_is_missing(podman: Podman, image: str) -> None:
    """Each of the two is needed, and named by the reason that the bot gives."""
    ask = "from bot.adapters.sandbox import BubblewrapSandbox as B; print(B().available())"
    said = {}
    for left_out in ("seccomp=", "systempaths="):
        rest = {**OURS, "security_opt": [one for one in OURS["security_opt"] if not one.startswith(left_out)]}
        given = [*options(rest), "--network=none", "--entrypoint=python"]
        said[left_out] = podman.run("run", "--rm", *given, image, "-c", ask).stdout
    assert "seccomp=deploy/seccomp.json" in said["seccomp="]
    assert "systempaths=unconfined" in said["systempaths="]
    assert inside(podman, image, "-c", ask).strip() == "None"
