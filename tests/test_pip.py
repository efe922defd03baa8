"""The install step uses packages from where the host's pip would take them, and sees nothing else of the host."""

from pathlib import Path

import pytest

from bot.core.pipconfig import install_environment
from bot.pip import host_environment


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose pip configuration is in a folder of the test."""
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    return {"HOME": str(tmp_path), "XDG_CONFIG_DIRS": str(tmp_path / "xdg")}


def test_the_environment_beats_the_files_and_the_user_beats_the_machine() -> None:
    """As with pip; `[install]` goes before `[global]`, and lists are on one line."""
    machine = "[global]\nindex-url = https://machine/simple\ntimeout = 5\n[install]\ntimeout = 7\n"
    user = "[global]\nindex_url = https://user/simple\nfind-links =\n  /a\n  /b\n"
    found = install_environment({"PIP_TIMEOUT": "9"}, [machine, user, "not a file of pip"])
    assert found == {"PIP_INDEX_URL": "https://user/simple", "PIP_FIND_LINKS": "/a /b", "PIP_TIMEOUT": "9"}


def test_only_what_says_where_packages_come_from_is_passed() -> None:
    """No key of ours, no option about where packages go, no variable that pip does not know."""
    given = {
        "PIP_CERT": "/etc/ca.pem",
        "SSL_CERT_FILE": "/etc/ca.pem",
        "https_proxy": "http://proxy:3128",
        "NO_PROXY": "localhost",
        "PIP_TARGET": "/somewhere",
        "PIP_USER": "1",
        "PIP_CONFIG_FILE": "/x",
        "PIP_CLIENT_CERT": "/secret.pem",
        "ANTHROPIC_API_KEY": "secret",
        "GITHUB_TOKEN": "secret",
        "AWS_CA_BUNDLE": "/x",
        "PIP_PROXY": "",
    }
    assert sorted(install_environment(given, ["[global]\ntarget = /x\nclient-cert = /secret.pem\n"])) == [
        "NO_PROXY",
        "PIP_CERT",
        "SSL_CERT_FILE",
        "https_proxy",
    ]


def test_the_users_file_is_read(home: dict[str, str], tmp_path: Path) -> None:
    """And the one that a variable names, which counts more; a file that cannot be read counts for nothing."""
    (tmp_path / ".config" / "pip" / "pip.conf").write_text(
        "[global]\nretries = 3\nextra-index-url = https://a https://b\n"
    )
    assert host_environment(home)["PIP_EXTRA_INDEX_URL"] == "https://a https://b"
    (tmp_path / "own.conf").write_text("[global]\nretries = 4\n")
    assert host_environment({**home, "PIP_CONFIG_FILE": str(tmp_path / "own.conf")})["PIP_RETRIES"] == "4"
    assert host_environment({**home, "PIP_CONFIG_FILE": str(tmp_path)})["PIP_RETRIES"] == "3"
    assert host_environment({**home, "PIP_CONFIG_FILE": "/dev/null"}) == {}


def test_a_local_index_is_named_by_its_path_with_the_files_beside_it(home: dict[str, str], tmp_path: Path) -> None:
    """A sandbox shows the paths that variables name, so a `file:` URL becomes one, and the folder with the archives
    that its pages link to becomes another. Folders that no page links to stay out."""
    for folder in ("mirror/simple/pkg", "mirror/files", "mirror/private"):
        (tmp_path / folder).mkdir(parents=True)
    page = (
        '<a href="../../files/pkg-1.whl#sha256=0">x</a> <a href="../../missing/x.whl">y</a> <a href="http://x/y">z</a>'
    )
    (tmp_path / "mirror" / "simple" / "pkg" / "index.html").write_text(page)
    url = (tmp_path / "mirror" / "simple").as_uri()
    found = host_environment({**home, "PIP_INDEX_URL": url})
    assert found["PIP_INDEX_URL"] == str(tmp_path / "mirror" / "simple")
    assert found["PIP_FIND_LINKS"] == str(tmp_path / "mirror" / "files")
