"""A Podman store of the tests' own, and images that stand in there for those that could only be fetched.

Each is a clean Debian, made with debootstrap through this machine's apt mirrors, under the very name that the
Dockerfile and compose.yaml ask for.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.pip import host_environment

ROOT = Path(__file__).parents[2]
MIRROR = "http://deb.debian.org/debian"
SUITE = "trixie"
KEPT_SECONDS = 7 * 24 * 3600
_RUNTIMES = ("crun", "runc")
# Debian's own names for what the official image has in /usr/local.
_PYTHON = """
ln -s /usr/bin/python3 /usr/local/bin/python
ln -s /usr/bin/pip3 /usr/local/bin/pip
rm -rf /var/cache/apt/archives/*.deb /var/lib/apt/lists/*
"""
_SERVICES = """
FROM {base}
RUN apt-get update -qq \\
    && DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends postgresql caddy \\
    && install -d -o postgres /var/lib/postgresql/data
COPY postgres.sh /usr/local/bin/postgres-as-the-official-image-does
"""
_POSTGRES = """#!/bin/sh
set -eu
PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
cd /var/lib/postgresql
umask 077
printf '%s' "$POSTGRES_PASSWORD" > /tmp/password
chown postgres /tmp/password
how="--username=$POSTGRES_USER --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8"
su postgres -c "PATH=$PATH initdb $how data" >/dev/null
echo 'host all all all scram-sha-256' >> data/pg_hba.conf
su postgres -c "PATH=$PATH pg_ctl start --wait --options=--listen_addresses='' --pgdata=data" >/dev/null
su postgres -c "PGPASSWORD='$POSTGRES_PASSWORD' createdb --username=$POSTGRES_USER $POSTGRES_USER"
su postgres -c "PATH=$PATH pg_ctl stop --wait --pgdata=data" >/dev/null
exec su postgres -c "exec $(echo /usr/lib/postgresql/*/bin)/postgres -D data -c listen_addresses='*'"
"""


class NoImagesError(Exception):
    """Images cannot be made here; the text says why."""


@dataclass
class Podman:
    """Podman with settings and a store in one folder, whose path must be short."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *argv: str, check: bool = True, seconds: float = 600) -> subprocess.CompletedProcess[str]:
        """One command of Podman. Raises `AssertionError` with all it said if it fails and is not to."""
        line = ["podman", *argv]
        done = subprocess.run(line, env=self.environment, capture_output=True, text=True, timeout=seconds, check=False)
        assert not check or done.returncode == 0, f"podman {' '.join(argv)}\n{done.stdout}\n{done.stderr}"
        return done

    def have_base(self) -> None:
        """Again before each build: Podman 4 takes a base that is a stage by itself for a leftover, and removes it."""
        if self.run("image", "exists", base_name(), check=False).returncode != 0:
            self.run("import", "--quiet", str(_debian()), base_name())

    def close(self) -> None:
        """Forget and unmount everything in the store, so that its folder can be removed."""
        for words in (["rm", "--all", "--force", "--time=0"], ["network", "prune", "--force"], ["rmi", "-af"]):
            self.run(*words, check=False)
        subprocess.run(["umount", str(self.folder / "store" / "overlay")], capture_output=True, check=False)


def make_podman(folder: Path) -> Podman:
    """Raises `NoImagesError` where Podman is missing or cannot run a container."""
    if os.geteuid() != 0:
        raise NoImagesError("a clean Debian can be made by root only")
    for program in ("podman", "debootstrap"):
        if shutil.which(program) is None:
            raise NoImagesError(f"{program} is not installed: run `apt-get install {program}`")
    storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/store"\nrunroot = "{folder}/run"\n'
    (folder / "storage.conf").write_text(storage)
    podman = Podman(folder)
    podman.environment = {
        **os.environ,
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
    }
    base = base_name()
    said = ""
    for runtime in filter(shutil.which, _RUNTIMES):
        (folder / "containers.conf").write_text(_settings(runtime))
        podman.have_base()
        tried = podman.run("run", "--rm", "--network=host", base, "python", "--version", check=False)
        if tried.returncode == 0:
            return podman
        said = tried.stderr.strip()
    podman.close()
    raise NoImagesError(f"podman cannot run a container here: {said}")


def _settings(runtime: str) -> str:
    return (
        '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=9999:9999"]\n'
        f'[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "{runtime}"\n'
    )


def base_name() -> str:
    """What the Dockerfile builds on, as Podman names it."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    return "docker.io/library/" + next(line.split()[1] for line in lines if line.startswith("FROM "))


def _debian() -> Path:
    """A tar of a minimal Debian with Python and pip; made once a week. Raises `NoImagesError`."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "devflow-tests"
    archive = home / f"{SUITE}.tar"
    if archive.exists() and time.time() - archive.stat().st_mtime < KEPT_SECONDS:
        return archive
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    tree = home / f"{SUITE}-{os.getpid()}"
    packages = "ca-certificates,python3,python3-pip,python3-venv"
    try:
        made = _call("debootstrap", "--variant=minbase", f"--include={packages}", SUITE, str(tree), MIRROR)
        if made.returncode != 0:
            raise NoImagesError(f"debootstrap could not make Debian {SUITE}: {made.stdout.strip()[-300:]}")
        _call("chroot", str(tree), "/bin/sh", "-euc", _PYTHON).check_returncode()
        part = archive.with_suffix(f".{os.getpid()}")
        _call("tar", "-C", str(tree), "-cf", str(part), ".").check_returncode()
        part.replace(archive)
    finally:
        shutil.rmtree(tree, ignore_errors=True)
    return archive


def _call(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False, stdin=subprocess.DEVNULL)


def build(podman: Podman, context: Path, image: str) -> None:
    """Build the Dockerfile of that folder as it stands; pip and apt use what this machine uses."""
    lent = [f"--volume={path}:{path}:ro" for path in _pip_files(host_environment(os.environ))]
    settings = podman.folder / "pip.conf"
    settings.write_text(_pip_settings(host_environment(os.environ)))
    podman.have_base()
    # Podman runs no HEALTHCHECK of an image in its own format. Chroot: the stages need no container of their own.
    how = ("--pull=never", "--format=docker", "--layers=false", "--network=host", "--isolation=chroot")
    podman.run("build", *how, *lent, f"--volume={settings}:/etc/pip.conf:ro", f"--tag={image}", str(context))


def build_services(podman: Podman, names: Sequence[str]) -> None:
    """PostgreSQL and Caddy from Debian, in one image under several names."""
    folder = podman.folder / "services"
    folder.mkdir()
    (folder / "Dockerfile").write_text(_SERVICES.format(base=base_name()))
    script = folder / "postgres.sh"
    script.write_text(_POSTGRES)
    script.chmod(0o755)
    podman.have_base()
    tags = [f"--tag=docker.io/library/{name}" for name in names]
    podman.run("build", "--pull=never", "--layers=false", "--network=host", "--isolation=chroot", *tags, str(folder))


def _pip_settings(found: Mapping[str, str]) -> str:
    lines = (f"{k[4:].lower().replace('_', '-')} = {v}" for k, v in found.items() if k.startswith("PIP_"))
    return "\n".join(["[global]", *lines, ""])


def _pip_files(found: Mapping[str, str]) -> list[str]:
    words = {word for value in found.values() for word in value.split() if word.startswith("/")}
    return sorted(word for word in words if Path(word).exists())
