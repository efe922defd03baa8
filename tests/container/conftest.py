"""One Podman, one build and one set of services for all tests of the image."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.standin import ROOT, NoImagesError, Podman, build, make_podman

IMAGE = "localhost/devflow"


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Where images cannot be made, the tests say why and are skipped."""
    with tempfile.TemporaryDirectory(prefix="df-", ignore_cleanup_errors=True) as folder:
        try:
            podman = make_podman(Path(folder))
        except NoImagesError as problem:
            pytest.skip(f"THE IMAGE IS NOT TESTED: {problem}")
        yield podman
        podman.close()


@pytest.fixture(scope="session")
def image(podman: Podman) -> str:
    """The Dockerfile, built from a checkout with things in it that must not get into an image."""
    with tempfile.TemporaryDirectory(prefix="df-") as folder:
        context = Path(folder) / "devflow"
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")[
            :-1
        ]:
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, context / name)
        for name in (".env", "key.pem", ".devflow/devflow.db", ".git/config", "bot/__pycache__/planted.pyc"):
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            (context / name).write_text("planted")
        build(podman, context, IMAGE)
    return IMAGE
