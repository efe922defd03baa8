"""Docker or Podman, as its command line is asked: which one there is, whether it works, what it left behind."""

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.adapters.sandbox.container.profile import stricter_profile

ENGINES = ("podman", "docker")
LABEL = "devflow"
"""Marks our containers; their names tell whose they are."""
_SECONDS = 60
_PASSED = ("PATH", "HOME", "USER", "LANG", "TMPDIR", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
_PASSED_FAMILIES = ("DOCKER_", "CONTAINER_", "CONTAINERS_")


class NoEngineError(Exception):
    """No container can be run, with one line for people: why, and what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A command line that works, and the image that commands run in. `variables` are the names that the image sets."""

    command: tuple[str, ...]
    image: str
    podman: bool
    variables: tuple[str, ...] = ()
    profile: str = ""
    """A system call filter to be used in the place of the engine's own, empty for none."""

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One question to the engine, answered within a minute. Raises `NoEngineError` if it is not."""
        return _ask(self.command, *words)


def find_engine(command: str, image: str) -> Engine:
    """The engine that a setting names, or else the first that has the image. Raises `NoEngineError`."""
    problem = None
    for words in [tuple(shlex.split(command))] if command else [(name,) for name in ENGINES if shutil.which(name)]:
        try:
            return _engine(words, image)
        except NoEngineError as error:
            problem = problem or error
    raise problem or NoEngineError(
        "No container engine is installed: run `apt-get install podman`, or name one in DEVFLOW_CONTAINER_COMMAND."
    )


def client_environment() -> dict[str, str]:
    """What of the bot's environment an engine's client needs; nothing else may come near a container."""
    names = [name for name in os.environ if name in _PASSED or name.startswith(_PASSED_FAMILIES)]
    return {name: os.environ[name] for name in names}


def new_name() -> str:
    """A name for a container that tells the process it belongs to."""
    return f"{LABEL}-{_owner(os.getpid())}-{uuid.uuid4().hex[:12]}"


def sweep(engine: Engine) -> None:
    """Remove containers of ours whose process was killed before it could."""
    listed = engine.ask("ps", "--all", "--filter", f"label={LABEL}", "--format", "{{.Names}}")
    dead = [name for name in listed.stdout.split() if _is_orphan(name)]
    if dead:
        engine.ask("rm", "--force", *dead)


def first_line(text: str) -> str:
    """What an engine said, as one line; the last line of several is the one that tells."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def _engine(command: tuple[str, ...], image: str) -> Engine:
    said = _ask(command, "version")
    name = shlex.join(command)
    if said.returncode != 0:
        raise NoEngineError(
            f"`{name}` does not answer: start its service, and let this user reach it. "
            f"It said: {first_line(said.stderr)}"
        )
    found = _ask(command, "image", "inspect", image)
    if found.returncode != 0:
        raise NoEngineError(
            f"The image {image!r} is not on this machine: run `{name} pull {image}`, "
            "or name another in DEVFLOW_CONTAINER_IMAGE."
        )
    config = _config(found.stdout)
    if config.get("Volumes"):
        raise NoEngineError(f"The image {image!r} declares volumes, which a command could fill: take one without.")
    given = config.get("Env")
    names = tuple(str(word).partition("=")[0] for word in given) if isinstance(given, list) else ()
    if "podman" not in said.stdout.lower() and "podman" not in command[0]:
        return Engine(command, image, False, names)
    path = _ask(command, "info", "--format={{.Host.Security.SECCOMPProfilePath}}").stdout.strip()
    return Engine(command, image, True, names, stricter_profile(path))


def _ask(command: Sequence[str], *words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            [*command, *words],
            env=client_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise NoEngineError(
            f"DEVFLOW_CONTAINER_COMMAND names {command[0]!r}, which is not installed: "
            "install it, as with `apt-get install podman`, or name another."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoEngineError(f"`{shlex.join(command)}` does not answer: {error}") from error


def _config(text: str) -> dict[str, object]:
    """The `Config` of an image, as `image inspect` tells it."""
    try:
        config = json.loads(text)[0]["Config"]
    except (ValueError, LookupError, TypeError):
        return {}
    return config if isinstance(config, dict) else {}


def _owner(pid: int) -> str:
    """A process, told from an earlier one with its number and from one in another PID namespace."""
    started, space = "0", "0"
    with contextlib.suppress(OSError, IndexError):
        started = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{pid}-{started}-{space}"


def _is_orphan(name: str) -> bool:
    """Whether a container's process is certainly gone: one of another PID namespace cannot be seen from here."""
    words = name.split("-")
    if len(words) != 5 or words[0] != LABEL or not words[1].isdigit():
        return False
    mine = _owner(os.getpid()).split("-")[2]
    return words[3] == mine and _owner(int(words[1])) != "-".join(words[1:4])
