"""How a repository is tested is found from its files; what a run proves is read from its output."""

from collections.abc import Mapping

import pytest

from bot.core.testplan import TestPlan, counts, find_test_plan, judge_output, telling_lines


def found(files: Mapping[str, str]) -> TestPlan | None:
    return find_test_plan(sorted(files), files.get)


def test_unittest_is_found_and_needs_no_install() -> None:
    """A package whose tests use the standard library is tested with it."""
    plan = found({"pkg/__init__.py": "", "tests/__init__.py": "", "tests/test_a.py": "import unittest\n"})
    assert plan is not None
    assert plan.run.endswith("python3 -m unittest discover -s tests -t .")
    assert plan.install == ""


def test_tests_beside_the_code_are_found() -> None:
    """`test.py` at the top level counts."""
    plan = found({"slug.py": "", "test.py": "import unittest\n"})
    assert plan is not None
    assert plan.run.endswith("unittest discover -s .")


@pytest.mark.parametrize(
    "files",
    [
        {"tests/test_a.py": "import pytest\n"},
        {"tests/test_a.py": "def test_x(): pass\n"},
        {"tests/test_a.py": "import unittest\n", "conftest.py": ""},
        {"tests/test_a.py": "import unittest\n", "pyproject.toml": "[tool.pytest.ini_options]\n"},
    ],
)
def test_pytest_is_found(files: dict[str, str]) -> None:
    """Its configuration, its import, or plain test functions show it."""
    plan = found(files)
    assert plan is not None
    assert "-m pytest" in plan.run
    assert "/env/venv/bin/pip install" in plan.install


def test_the_package_is_installed_from_a_copy_with_its_test_extra() -> None:
    """Nothing is built inside the checkout, and the checkout stays first on the path."""
    plan = found(
        {
            "src/pkg/__init__.py": "",
            "tests/test_a.py": "import pytest",
            "pyproject.toml": "[project]\nname='x'\n[project.optional-dependencies]\ntest=['pytest']\ndocs=['s']\n",
        }
    )
    assert plan is not None
    assert "cp -r /work /tmp/package" in plan.install
    assert "'/tmp/package[test]'" in plan.install
    assert plan.run.startswith("PYTHONPATH=/work/src:/work ")


@pytest.mark.parametrize(
    ("files", "run"),
    [
        (
            {"package.json": '{"scripts":{"test":"vitest run"}}'},
            "ln -sfn /env/node/node_modules /work/node_modules && npm test",
        ),
        ({"go.mod": "module x", "a_test.go": ""}, "GOMODCACHE=/env/go GOCACHE=/tmp/go go test ./..."),
        (
            {"Cargo.toml": "", "src/lib.rs": "#[test]\nfn a(){}"},
            "CARGO_HOME=/env/cargo CARGO_TARGET_DIR=/tmp/target cargo test --offline",
        ),
        ({"Makefile": "all:\n\ttrue\ntest:\n\t./run\n"}, "make test"),
    ],
)
def test_other_languages_are_found(files: dict[str, str], run: str) -> None:
    """The usual file of each language names its tests."""
    plan = found(files)
    assert plan is not None
    assert plan.run == run


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": "# x"},
        {"pkg/__init__.py": "", "pyproject.toml": "[project]\nname='x'"},
        {"package.json": '{"scripts":{"test":"echo \\"Error: no test specified\\" && exit 1"}}'},
        {"package.json": "not json"},
        {"package.json": "[]"},
        {"go.mod": "module x", "a.go": ""},
        {"Makefile": "tests-of-something: x\n"},
    ],
)
def test_no_tests_is_said_as_such(files: dict[str, str]) -> None:
    """Nothing is invented where there is nothing."""
    assert found(files) is None


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Ran 16 tests in 0.3s\n\nOK", (16, 0)),
        ("Ran 5 tests in 0.1s\n\nFAILED (failures=1, errors=1)", (3, 2)),
        ("Ran 5 tests in 0.1s\n\nFAILED (failures=1, skipped=2)", (4, 1)),
        ("Ran 0 tests in 0.000s\n\nOK", (0, 0)),
        ("===== 3 failed, 12 passed in 1.2s =====", (12, 3)),
        ("7 passed, 1 skipped in 0.2s", (7, 0)),
        ("2 passed, 1 error in 0.2s", (2, 1)),
        ("no tests ran in 0.01s", (0, 0)),
        ("all good", (None, None)),
        ("", (None, None)),
    ],
)
def test_counts_are_read_from_what_runners_print(output: str, expected: tuple[int | None, int | None]) -> None:
    """Unknown output gives no numbers, never invented ones."""
    assert counts(output) == expected


@pytest.mark.parametrize(
    ("exit_code", "output", "state"),
    [
        (0, "Ran 3 tests in 0.1s\n\nOK", "passed"),
        (0, "Ran 0 tests in 0.0s\n\nOK", "none_found"),
        (5, "no tests ran in 0.01s", "none_found"),
        (1, "no tests ran in 0.01s", "failed"),
        (1, "1 failed, 3 passed in 1s", "failed"),
        (0, "silence", "passed"),
        (137, "", "failed"),
    ],
)
def test_the_exit_code_decides_unless_nothing_ran(exit_code: int, output: str, state: str) -> None:
    """A green exit with no test behind it is not a pass."""
    assert judge_output(exit_code, output)[0] == state


def test_colours_do_not_hide_the_counts() -> None:
    """A repository may force them on its runner."""
    assert counts("\x1b[32m\x1b[1m83 passed\x1b[0m\x1b[32m in 0.10s\x1b[0m") == (83, 0)


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        ("Collecting x\nERROR: No such package: x\nnote: see above\n", ["ERROR: No such package: x"]),
        ("a\nb\nc\nd\n", ["b", "c", "d"]),
        ("x\n  ModuleNotFoundError: No module named 'y'\n  rest\n", ["ModuleNotFoundError: No module named 'y'"]),
        ("", []),
    ],
)
def test_a_failed_install_is_told_by_its_errors(output: str, lines: list[str]) -> None:
    """Not by the advice that pip prints last; only where no error is named do the last lines have to do."""
    assert telling_lines(output) == lines
