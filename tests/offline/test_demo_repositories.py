"""`devflow demo --repo` on a package from the package index: nobody here wrote it, and its own tests decide."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.offline.demo import Wish
from tests.offline.demos import committed, played_here, small_session

pytestmark = pytest.mark.slow

PACKAGE = "iniconfig==2.3.1"
NAMES = '''\
"""Lists what is in a configuration."""

from iniconfig import IniConfig


def section_names(config: IniConfig) -> list[str]:
    """The names of all sections, in their order."""
    return list(config.sections)
'''
TEST_NAMES = """\
from iniconfig import IniConfig
from iniconfig.names import section_names


def test_names_are_listed_in_order() -> None:
    config = IniConfig("memory", data="[b]\\nx = 1\\n[a]\\n")
    assert section_names(config) == ["b", "a"]
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The package's source distribution as a git repository. Without a package index the test is skipped, but not where
    `CI=true` says that there has to be one."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    done = subprocess.run(
        [*pip, "--no-binary", ":all:", "--dest", str(tmp_path), "--timeout", "20", "--retries", "1", PACKAGE],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    archives = list(tmp_path.glob("*.tar.gz"))
    if not archives:
        assert os.environ.get("CI") != "true", done.stderr
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip().splitlines()[-1:]}")
    shutil.unpack_archive(archives[0], tmp_path / "unpacked")
    # A copy is ours; what root unpacks belongs to whoever packed it, and git would not look at it.
    copy = shutil.copytree(next((tmp_path / "unpacked").iterdir()), tmp_path / "iniconfig")
    return committed(copy)


def test_a_package_of_others_is_changed_and_tested(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dependencies come from the index as pip is configured here; its own tests and the new one pass, without a
    network; the repository itself is not touched."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", os.environ.get("NO_PROXY", ""))
    monkeypatch.setenv("no_proxy", os.environ.get("no_proxy", ""))
    files = {"src/iniconfig/names.py": NAMES, "testing/test_names.py": TEST_NAMES}
    session = small_session(tmp_path, files, "List the names of all sections")
    code, report = played_here(tmp_path, Wish(repo=source, session=session))
    assert (code, report["reason"]) == (0, "")
    assert report["repository"] == "acme/iniconfig"
    assert report["pull_request"]["files"] == sorted(files)
    assert "-m pytest" in report["tests"]["command"]
    assert (report["tests"]["exit_code"], report["tests"]["failed"]) == (0, 0)
    assert report["tests"]["passed"] > 40
    assert sorted(path.name for path in (source / "testing").glob("test_*.py")) == ["test_iniconfig.py"]
