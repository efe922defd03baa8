"""The services of a Compose file as command lines of Podman: what the file says, word for word, and not more."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.container.standin import ROOT

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")
_APPARMOR = Path("/sys/module/apparmor/parameters/enabled")


def services(file: str, environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services by name. Raises `KeyError` with the file's own words for a variable that has to be set."""
    found: dict[str, dict[str, Any]] = _filled(
        yaml.safe_load((ROOT / file).read_text("utf-8"))["services"], environment
    )
    return found


def _filled(found: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(found, dict):
        return {key: _filled(value, environment) for key, value in found.items()}
    if isinstance(found, list):
        return [_filled(value, environment) for value in found]
    return _VARIABLE.sub(lambda name: _value(name, environment), found) if isinstance(found, str) else found


def _value(found: re.Match[str], environment: Mapping[str, str]) -> str:
    name, kind, rest = found.groups()
    if kind == "?" and not environment.get(name):
        raise KeyError(rest)
    return environment.get(name) or (rest if kind == "-" else "")


def options(service: Mapping[str, Any]) -> list[str]:
    """What the file says of a service's rights, files and variables; not its networks, ports and health checks."""
    found = [f"--cap-drop={name.lower()}" for name in service.get("cap_drop", [])]
    found += _security(service)
    found += ["--read-only"] if service.get("read_only") else []
    found += [f"--tmpfs={place}" for place in service.get("tmpfs", [])]
    found += [f"--env={name}={value}" for name, value in service.get("environment", {}).items()]
    found += [f"--shm-size={service['shm_size'].removesuffix('b')}"] if "shm_size" in service else []
    # Podman starts health checks by systemd, which a container that tests run in may not have.
    return [*found, "--no-healthcheck"]


def _security(service: Mapping[str, Any]) -> Iterator[str]:
    for option in service.get("security_opt", []):
        if option.startswith("apparmor=") and not (_APPARMOR.exists() and _APPARMOR.read_text().startswith("Y")):
            continue
        yield "--security-opt=" + option.replace("seccomp=./", f"seccomp={ROOT}/")


def command(service: Mapping[str, Any]) -> list[str]:
    """What is run in it, if that is not the image's own."""
    return shlex.split(service.get("command", ""))


def grace_seconds(service: Mapping[str, Any]) -> int:
    """How long it may take to end."""
    return int(service["stop_grace_period"].removesuffix("s"))
