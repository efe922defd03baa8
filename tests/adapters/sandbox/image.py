"""A small image made of this machine's own programs, in a store of its own, so that nothing has to be fetched."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

IMAGE = "localhost/devflow-test"
_PROGRAMS = """
sh bash env cat ls sleep printf true seq head touch mkdir chmod rm cp mv ln mount umount id ps kill echo mknod dmesg
hostname find grep sed cut tr wc sort setsid unshare nsenter chroot chown stat test sync date df whoami
"""
_LEFT_OUT = {"test", "tests", "site-packages", "__pycache__", "idlelib", "ensurepip", "tkinter", "lib2to3"}
_RUNTIMES = ([], ["--runtime", "runc"], ["--runtime", "crun"])


class NoPodmanError(Exception):
    """Containers cannot be run here; the text says why."""


def make_engine(folder: Path) -> str:
    """A Podman command line whose own store holds the image. Raises `NoPodmanError`."""
    if shutil.which("podman") is None:
        raise NoPodmanError("podman is not installed: run `apt-get install podman crun runc catatonit`")
    archive = folder / "image.tar"
    _pack(archive)
    said = ""
    for runtime in _RUNTIMES:
        store = ["--root", str(folder / "store"), "--runroot", str(folder / "run"), "--cgroup-manager", "cgroupfs"]
        command = ["podman", *runtime, *store]
        loaded = _run(*command, "import", "--quiet", str(archive), IMAGE)
        tried = _run(*command, "run", "--rm", "--init", "--network=none", "--ulimit=nofile=4096:4096",
                     "--ulimit=nproc=9999:9999", "--memory=64m", IMAGE, "true")  # fmt: skip
        if tried.returncode == 0:
            archive.unlink()
            return " ".join(command)
        said = (loaded.stderr + tried.stderr).strip()
    raise NoPodmanError(f"podman cannot run a container here: {said}")


def remove_engine(command: str) -> None:
    """Forget and unmount everything in the store, so that its folder can be removed."""
    for words in (["rm", "--all", "--force"], ["rmi", "--all", "--force"]):
        _run(*command.split(), *words)
    _run("umount", f"{command.partition('--root ')[2].split()[0]}/overlay")


def _run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _pack(archive: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = {name: shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin") for name in _PROGRAMS.split()}
    files = {f"usr/bin/{name}": path for name, path in found.items() if path}
    files |= {f"usr/local/bin/{name}": os.path.realpath(sys.executable) for name in ("python3", version)}
    library = sysconfig.get_path("stdlib")
    for folder, folders, names in os.walk(library):
        folders[:] = [one for one in folders if one not in _LEFT_OUT and not one.startswith("config-")]
        inside = f"usr/local/lib/{version}{folder.removeprefix(library)}"
        files |= {f"{inside}/{name}": f"{folder}/{name}" for name in names}
    binaries = [path for at, path in files.items() if "bin/" in at or at.endswith(".so")]
    for path in _libraries(binaries):
        files[path.lstrip("/") if path.startswith("/usr/") else f"usr{_system(path)}"] = path
    with tarfile.open(archive, "w") as tar:
        for at, path in files.items():
            tar.add(os.path.realpath(path), at, recursive=False)
        for link in ("bin", "lib", "lib64", "sbin"):
            entry = tarfile.TarInfo(link)
            entry.type, entry.linkname = tarfile.SYMTYPE, f"usr/{'bin' if link == 'sbin' else link}"
            tar.addfile(entry)


def _libraries(paths: list[str]) -> set[str]:
    said = subprocess.run(["ldd", *paths], capture_output=True, text=True, check=False).stdout
    return set(re.findall(r"(/\S+) \(0x", said))


def _system(path: str) -> str:
    """Where the loader looks by itself."""
    return path if path.startswith("/lib") else f"/lib/{Path(path).name}"
