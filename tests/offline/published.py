"""Files that are published as npm packages, fetched into `tests/.cache/` when needed, never kept with the source."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[1] / ".cache"


def published_file(package: str, member: str) -> Path:
    """A file of an npm package on disk. If it cannot be had, skips the test and says why; fails where `CI` is true."""
    wanted = CACHE / f"{package.rpartition('@')[2]}-{member.rpartition('/')[2]}"
    if not wanted.exists():
        problem = _fetch(package, member, wanted)
        if problem:
            text = f"{package} is needed: {problem}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(text)
    return wanted


def _fetch(package: str, member: str, wanted: Path) -> str:
    npm = shutil.which("npm")
    if npm is None:
        return "npm is not installed"
    folder = CACHE / f"fetch-{os.getpid()}-{wanted.name}"
    folder.mkdir(parents=True, exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    try:
        done = subprocess.run(
            [npm, "pack", package], cwd=folder, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode != 0:
            return f"npm pack failed: {done.stderr.strip()[-300:]}"
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            packed = archive.extractfile(member)
            assert packed is not None
            (folder / "wanted").write_bytes(packed.read())
        (folder / "wanted").replace(wanted)
    except subprocess.TimeoutExpired:
        return "npm pack took longer than two minutes"
    finally:
        shutil.rmtree(folder)
    return ""
