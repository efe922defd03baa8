"""What a Python repository's tests need is read from where repositories write it."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.core.pythoninstall import generated, has_dependencies, install_line
from bot.core.testplan import find_test_plan

PROJECT = "[project]\nname = 'x'\nversion = '1'\n"
EXTRAS = PROJECT + "[project.optional-dependencies]\n"
GROUPS = "[dependency-groups]\n"
BUILD = "[build-system]\nrequires = ['hatchling']\n"


def line(files: Mapping[str, str], runner: str = "pytest") -> str:
    return install_line(sorted(files), files.get, runner)


def asked(files: Mapping[str, str]) -> str:
    """The arguments of the first call of pip."""
    return line(files).partition("--disable-pip-version-check ")[2].partition(" ||")[0].rstrip("; }")


@pytest.mark.parametrize(
    ("files", "arguments"),
    [
        ({"setup.py": ""}, "pytest /tmp/package"),
        ({"pyproject.toml": BUILD + PROJECT}, "pytest /tmp/package"),
        ({"pyproject.toml": "[tool.ruff]\n"}, "pytest"),
        ({"requirements.txt": "flask"}, "pytest -r requirements.txt"),
        ({"pyproject.toml": EXTRAS + "test = []\ndev = []\n"}, "pytest '/tmp/package[test]'"),
        ({"pyproject.toml": EXTRAS + "dev = []\ndocs = []\n"}, "pytest '/tmp/package[dev]'"),
        ({"setup.py": "", "setup.cfg": "[options.extras_require]\ntesting = mock\n"}, "pytest '/tmp/package[testing]'"),
        (
            {"pyproject.toml": PROJECT + GROUPS + "base = ['mock>=4']\ntest = [{include-group = 'base'}, 'pytest']\n"},
            "pytest /tmp/package 'mock>=4'",
        ),
        ({"pyproject.toml": "[dependency-groups]\ntest = [{include-group = 'test'}, 'mock']\n"}, "pytest mock"),
        ({"pyproject.toml": "[tool.uv]\ndev-dependencies = ['mock']\n"}, "pytest mock"),
        ({"pyproject.toml": "[tool.hatch.envs.default]\ndependencies = ['mock']\n"}, "pytest mock"),
        ({"pyproject.toml": "[tool.poetry.group.dev.dependencies]\nmock = '^4'\n"}, "pytest mock"),
        ({"requirements-dev.txt": "", "docs/requirements.txt": ""}, "pytest -r requirements-dev.txt"),
        ({"dev.requirements.txt": ""}, "pytest -r dev.requirements.txt"),
        (
            {"requirements/tests.in": "", "requirements/tests.txt": "", "requirements/dev.txt": ""},
            "pytest -r requirements/tests.txt",
        ),
        ({"tox.ini": "[testenv]\ndeps =\n  mock>=4\n  py27: old\n  -r{toxinidir}/x.txt\n"}, "pytest 'mock>=4'"),
        ({"pytest.ini": "[pytest]\naddopts = --cov\n"}, "pytest pytest-cov"),
        ({"pyproject.toml": "not toml ["}, "pytest"),
        ({"pyproject.toml": "project = 3\n[tool]\nuv = 1\n"}, "pytest /tmp/package"),
    ],
)
def test_what_is_declared_is_installed(files: dict[str, str], arguments: str) -> None:
    """Tests go before development, a lock before its source; what nobody declared is not guessed, but for plugins that
    pytest's own settings name."""
    assert asked(files) == arguments


def test_what_a_repository_writes_cannot_leave_its_place() -> None:
    """Its words are quoted for the shell, and options of pip are no requirements."""
    groups = "[dependency-groups]\ntest = ['a; touch /tmp/x', '--index-url=http://evil', 'b']\n"
    assert asked({"pyproject.toml": groups}) == "pytest 'a; touch /tmp/x' b"


def test_one_requirement_that_cannot_be_had_does_not_take_the_rest_with_it(tmp_path: Path) -> None:
    """All at once, then what must be there, then one by one. A package that cannot be built gives way to its
    dependencies: its modules are on the path anyway."""
    files = {"pyproject.toml": PROJECT + "dependencies = ['good']\n[dependency-groups]\ntest = ['bad', 'mock']\n"}
    shell = line(files).replace("python3 -m venv /env/venv && cp -r /work /tmp/package && cd /tmp/package", "true")
    pip = tmp_path / "pip"
    pip.write_text(f'#!/bin/sh\nshift 3\necho "$@" >> {tmp_path}/asked\ncase "$*" in *bad*|*package*) exit 1;; esac\n')
    pip.chmod(0o755)
    done = subprocess.run(["sh", "-c", shell.replace("/env/venv/bin/pip", str(pip))], check=False)
    assert done.returncode == 0
    assert (tmp_path / "asked").read_text().splitlines() == [
        "pytest /tmp/package bad mock",
        "pytest /tmp/package",
        "pytest good",
        "bad",
        "mock",
    ]


@pytest.mark.parametrize(
    ("files", "needed"),
    [
        ({"pyproject.toml": PROJECT}, False),
        ({"pyproject.toml": PROJECT + "dependencies = ['flask']\n"}, True),
        ({"pyproject.toml": PROJECT + "dynamic = ['dependencies']\n"}, True),
        ({"setup.py": "setup(install_requires=['flask'])"}, True),
        ({"setup.py": "setup()"}, False),
        ({"requirements.txt": "flask"}, True),
    ],
)
def test_unittest_needs_an_environment_only_where_the_package_does(files: dict[str, str], needed: bool) -> None:
    """A package that needs nothing is tested with nothing installed, so without any network."""
    assert has_dependencies(sorted(files), files.get) is needed
    files["tests/test_a.py"] = "import unittest\n"
    plan = find_test_plan(sorted(files), files.get)
    assert plan is not None
    assert plan.run.endswith(f"{'/env/venv/bin/python' if needed else 'python3'} -m unittest discover -s tests")
    assert bool(plan.install) is needed
    assert "pytest" not in plan.install


@pytest.mark.parametrize(
    ("settings", "made"),
    [
        ("[tool.setuptools_scm]\nversion_file = 'src/x/_version.py'\n", ["src/x/_version.py"]),
        ("[tool.setuptools_scm]\nwrite_to = 'x/_v.py'\n", ["x/_v.py"]),
        ("[tool.hatch.build.hooks.vcs]\nversion-file = 'x/_v.py'\n", ["x/_v.py"]),
        ("[tool.setuptools_scm]\nversion_file = '../../etc/x.py'\n", []),
        ("[tool.setuptools_scm]\nversion_file = '/etc/x.py'\n", []),
        ("[tool.setuptools_scm]\nversion_file = 'held.py'\n", []),
    ],
)
def test_a_version_that_is_made_at_build_time_is_there_for_the_tests(settings: str, made: list[str]) -> None:
    """The checkout has no history to read a version from, and git does not hold the module that names it."""
    files = {"pyproject.toml": settings, "held.py": "", "tests/test_a.py": "import pytest\n"}
    assert generated(sorted(files), files.get) == made
    plan = find_test_plan(sorted(files), files.get)
    assert plan is not None
    assert ("cp -rn /env/generated/. /work && " in plan.run) is bool(made)
    assert all(f"cp --parents {path} /env/generated" in plan.install for path in made)
    assert "SETUPTOOLS_SCM_PRETEND_VERSION=" in plan.install


def test_a_source_distribution_knows_its_version() -> None:
    """Its PKG-INFO says it."""
    assert "PRETEND" not in line({"PKG-INFO": "", "pyproject.toml": PROJECT})
