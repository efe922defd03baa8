"""What is the container sandbox's own: the engine's command line, why there is none, what a killed bot leaves."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.sandbox import ContainerSandbox, choose_sandbox
from bot.adapters.sandbox.container.engine import Engine, NoEngineError, find_engine, new_name, sweep
from bot.adapters.sandbox.container.lending import GUEST, Lending
from bot.adapters.sandbox.container.line import command_line, start_script
from bot.adapters.sandbox.container.profile import stricter_profile
from bot.adapters.sandbox.job import Job
from bot.ports import SandboxError, SandboxLimits

from .conftest import SMALL
from .image import IMAGE

OURS = Path(__file__).resolve().parents[3]
Stub = Callable[[str], Path]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stub:
    """Puts a program called `docker`, and no other, on the path; it notes what it was called with."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def made(script: str) -> Path:
        program = folder / "docker"
        program.write_text(f'#!/bin/sh\nfor w in "$@"; do echo "$w"; done >> {tmp_path}/calls\n{script}\n')
        program.chmod(0o755)
        return tmp_path / "calls"

    return made


def test_without_an_engine_the_package_is_named(stub: Stub) -> None:
    """In one line, with the setting for one that is elsewhere."""
    reason = str(ContainerSandbox().available())
    assert "apt-get install podman" in reason
    assert "DEVFLOW_CONTAINER_COMMAND" in reason
    assert "\n" not in reason
    assert "'/opt/none', which is not installed: install it" in str(
        ContainerSandbox(command="/opt/none run").available()
    )


def test_an_engine_that_does_not_answer_is_named(stub: Stub) -> None:
    """With what it said."""
    stub("echo 'Client: 1'; echo 'Cannot connect to the daemon' >&2; exit 1")
    reason = str(choose_sandbox("container").available())
    assert reason == (
        "`docker` does not answer: start its service, and let this user reach it. It said: Cannot connect to the daemon"
    )


def test_an_image_that_is_not_there_is_named(stub: Stub) -> None:
    """With the command that fetches it: nothing is pulled in the middle of a run."""
    stub('test "$1" = version')
    assert "run `docker pull python:3.13`" in str(ContainerSandbox().available())


def test_an_image_that_could_be_filled_is_refused(stub: Stub) -> None:
    """What an image declares as a volume is a folder of the host that no limit bounds."""
    stub('test "$1" = version || echo \'[{"Config": {"Volumes": {"/data": {}}}}]\'')
    assert "declares volumes" in str(ContainerSandbox().available())


def test_an_engine_that_cannot_run_a_container_is_named(stub: Stub) -> None:
    """The first container is tried with everything that the real ones get."""
    calls = stub('case $1 in version) ;; image) echo "[{}]";; *) echo "cgroups: not mine" >&2; exit 125;; esac')
    reason = str(ContainerSandbox().available())
    assert reason.endswith("It said: cgroups: not mine")
    assert "--network=none" in calls.read_text().splitlines()


def test_every_container_is_shut_in(tmp_path: Path) -> None:
    """The exact words that docker is given. Docker itself was not run for this test; Podman is, in the contract."""
    (tmp_path / "env").mkdir()
    job = Job(["true"], tmp_path, SandboxLimits(60, 512, 0.5, 64, 16), extra=tmp_path / "env")
    line = command_line(Engine(("docker",), "img", False), job, None, name="devflow-1", start=tmp_path / "start")
    assert line[:2] == ["docker", "run"]
    assert line[-1] == "img"
    assert set(line) >= {
        *("--rm", "--init", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL", "--label=devflow"),
        *("--security-opt=no-new-privileges", "--name=devflow-1", "--workdir=/work", "--entrypoint=/bin/sh"),
        *("--memory=536870912", "--memory-swap=536870912", "--pids-limit=68", "--cpus=0.5", "--stop-timeout=0"),
        *("--ulimit=core=0:0", "--ulimit=fsize=16777216:16777216", "--ulimit=data=536870912:536870912"),
        "--tmpfs=/tmp:rw,nosuid,nodev,exec,size=256m,mode=1777",
        *(f"--volume={tmp_path}:/work:rw,z", f"--volume={tmp_path}/env:/env:ro,z"),
        f"--user={os.geteuid() or GUEST}:{os.getegid() or GUEST}",
    }


def test_variables_stand_in_no_argument(tmp_path: Path) -> None:
    """They are set by the script, quoted; those of the image and of the engine are taken away."""
    engine = Engine(("docker",), "img", False, ("PATH", "GPG_KEY"))
    job = Job(["true"], tmp_path, env={"A": "x'; rm -rf /work; '"}, extra=tmp_path)
    script = start_script(engine, job, None, "token")
    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", "env"],
        env={"PATH": "/usr/bin:/bin", "GPG_KEY": "k", "container": "podman"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    lines = set(done.stdout.splitlines()) - {f"PWD={Path.cwd()}"}
    assert lines == {"PATH=/env/bin:/usr/bin:/bin", "HOME=/home/user", "LANG=C.UTF-8", "A=x'; rm -rf /work; '"}
    assert done.stderr == "token"
    with pytest.raises(SandboxError, match="cannot have the name"):
        start_script(engine, Job(["true"], tmp_path, env={"A;rm": "x"}), None, "token")


def test_a_path_that_cannot_be_mounted_is_an_error(tmp_path: Path) -> None:
    """A colon would be read as the end of the path."""
    (tmp_path / "a:b").mkdir()
    with pytest.raises(SandboxError, match="colon"):
        command_line(Engine(("docker",), "i", False), Job([], tmp_path / "a:b"), None, name="n", start=tmp_path)


def test_the_stricter_filter_keeps_what_it_does_not_shut(tmp_path: Path) -> None:
    """And what is no profile gives none, so that the engine's own is used."""
    profile = tmp_path / "seccomp.json"
    profile.write_text('{"syscalls": [{"names": ["read", "keyctl", "clone"], "action": "SCMP_ACT_ALLOW"}]}')
    stricter = stricter_profile(str(profile))
    assert '"names": ["read"]' in stricter
    assert "keyctl" not in stricter
    profile.write_text("[]")
    assert stricter_profile(str(profile)) == stricter_profile(str(tmp_path / "none")) == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends its folders")
def test_folders_are_lent_and_taken_back(tmp_path: Path) -> None:
    """All below them, links themselves and not what they lead to, until the last command is done."""
    (tmp_path / "tree/d").mkdir(parents=True)
    (tmp_path / "secret").write_text("")
    (tmp_path / "tree/d/f").write_text("")
    (tmp_path / "tree/link").symlink_to(tmp_path / "secret")
    lending, tree = Lending(), tmp_path / "tree"

    def owners() -> set[int]:
        return {path.lstat().st_uid for path in (tree, *tree.rglob("*"))}

    lending.lend([tree])
    lending.lend([tree])
    assert owners() == {GUEST}
    lending.take_back([tree])
    assert owners() == {GUEST}
    lending.take_back([tree])
    assert owners() == {0}
    assert (tmp_path / "secret").stat().st_uid == 0


RUNNING = """
import asyncio, sys
from pathlib import Path
from bot.adapters.sandbox import ContainerSandbox
from bot.ports import SandboxLimits
sandbox = ContainerSandbox(sys.argv[1], sys.argv[2])
script = "touch ready; sleep 600"
asyncio.run(sandbox.run(["/bin/sh", "-c", script], checkout=Path(sys.argv[3]), limits=SandboxLimits()))
"""


@pytest.mark.container
@pytest.mark.kill
async def test_what_a_killed_bot_left_is_removed_at_the_next_start(podman: str, checkout: Path) -> None:
    """By its name: the containers of a bot that lives stay."""
    bot = subprocess.Popen((sys.executable, "-c", RUNNING, IMAGE, podman, str(checkout)), cwd=OURS)
    while not (checkout / "ready").exists():
        assert bot.poll() is None
        await asyncio.sleep(0.01)
    engine = find_engine(podman, IMAGE)

    def names() -> list[str]:
        listed = engine.ask("ps", "--all", "--filter", "label=devflow", "--format", "{{.Names}}").stdout.split()
        return [name for name in listed if name.startswith(f"devflow-{bot.pid}-")]

    sweep(engine)
    assert len(names()) == 1, "its bot is alive"
    bot.send_signal(signal.SIGKILL)
    bot.wait()
    assert ContainerSandbox(IMAGE, podman).available() is None
    assert names() == []


@pytest.mark.container
async def test_an_image_that_is_gone_in_between_is_an_error(container: ContainerSandbox, checkout: Path) -> None:
    """The engine's refusal is no exit code of the command."""
    ready = container._ready
    assert ready is not None
    from dataclasses import replace

    broken = ContainerSandbox(IMAGE)
    broken._ready = replace(ready, engine=replace(ready.engine, image="localhost/none"))
    with pytest.raises(SandboxError, match="could not be started"):
        await broken.run(["true"], checkout=checkout, limits=SMALL)
    assert (await container.run(["sh", "-c", "exit 125"], checkout=checkout, limits=SMALL)).exit_code == 125


def test_a_name_tells_its_process() -> None:
    """Process, start time and PID namespace, so that no other is taken for it."""
    assert new_name().startswith(f"devflow-{os.getpid()}-")
    with pytest.raises(NoEngineError):
        find_engine("/opt/none", IMAGE)
