"""How a repository is tested: found from its files, and what a test run's output proves."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.pythoninstall import GENERATED, Read, generated, has_dependencies, install_line

_PY_TEST = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|tests?)\.py$")
_COLORS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


@dataclass(frozen=True, slots=True)
class TestPlan:
    """Shell lines: `install` runs once, on the base commit, maybe with the network; `source` says where it is from."""

    __test__ = False

    run: str
    install: str
    source: str


@dataclass(frozen=True, slots=True)
class TestRun:
    """What happened when the tests ran on one tree."""

    __test__ = False

    command: str
    state: Literal["passed", "failed", "none_found", "not_run"]
    exit_code: int | None
    seconds: float
    passed: int | None
    failed: int | None
    output: str
    reason: str
    """Why the state is what it is, in a sentence; empty if the exit code says it all."""
    tree: str
    sandbox: str


def find_test_plan(files: Sequence[str], read: Read) -> TestPlan | None:
    """The first way to test that fits, None if the repository has none that we know."""
    for look in (_python, _node, _go, _cargo, _make):
        plan = look(files, read)
        if plan is not None:
            return plan
    return None


def _python(files: Sequence[str], read: Read) -> TestPlan | None:
    tests = [f for f in files if _PY_TEST.search(f) and not f.startswith((".", "docs/"))]
    if not tests:
        return None
    path = "PYTHONPATH=" + ("/work/src:/work" if any(f.startswith("src/") for f in files) else "/work")
    if generated(files, read):
        path = f"cp -rn {GENERATED}/. /work && {path}"
    if _uses_pytest(files, read, tests):
        return TestPlan(
            run=f"{path} PYTHONDONTWRITEBYTECODE=1 /env/venv/bin/python -m pytest --color=no -p no:cacheprovider",
            install=install_line(files, read),
            source=f"pytest, from {_pytest_source(files, read)}",
        )
    folder = next((d for d in ("tests", "test") if any(f.startswith(d + "/") for f in tests)), ".")
    top = " -t ." if f"{folder}/__init__.py" in files else ""
    needs = has_dependencies(files, read)
    python = "/env/venv/bin/python" if needs else "python3"
    return TestPlan(
        run=f"{path} PYTHONDONTWRITEBYTECODE=1 {python} -m unittest discover -s {folder}{top}",
        install=install_line(files, read, runner="") if needs else "",
        source=f"unittest, from {tests[0]}",
    )


def _uses_pytest(files: Sequence[str], read: Read, tests: Sequence[str]) -> bool:
    if any(f.rpartition("/")[2] in {"conftest.py", "pytest.ini"} for f in files):
        return True
    if any(
        "pytest" in (read(name) or "")
        for name in ("pyproject.toml", "setup.cfg", "tox.ini", "setup.py")
        if name in files
    ):
        return True
    return any(
        re.search(r"^\s*(import|from) pytest\b", read(test) or "", re.MULTILINE) for test in tests[:50]
    ) or not any("unittest" in (read(test) or "") for test in tests[:50])


def _pytest_source(files: Sequence[str], read: Read) -> str:
    names = ("pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini")
    return next((n for n in names if n in files and "pytest" in (read(n) or "")), "its test files")


def _node(files: Sequence[str], read: Read) -> TestPlan | None:
    try:
        package = json.loads(read("package.json") or "null")
    except ValueError:
        return None
    script = (package.get("scripts") or {}).get("test", "") if isinstance(package, dict) else ""
    if not script or "no test specified" in script:
        return None
    fetch = "npm ci" if "package-lock.json" in files else "npm install"
    return TestPlan(
        run="ln -sfn /env/node/node_modules /work/node_modules && npm test",
        install=f"mkdir -p /env/node && cp /work/package*.json /env/node && cd /env/node && {fetch}",
        source="package.json, scripts.test",
    )


def _go(files: Sequence[str], _: Read) -> TestPlan | None:
    if "go.mod" not in files or not any(f.endswith("_test.go") for f in files):
        return None
    cache = "GOMODCACHE=/env/go GOCACHE=/tmp/go"
    return TestPlan(f"{cache} go test ./...", f"{cache} go mod download", "go.mod")


def _cargo(files: Sequence[str], read: Read) -> TestPlan | None:
    sources = [f for f in files if f.endswith(".rs")]
    has_tests = any(f.startswith("tests/") or "#[test]" in (read(f) or "") for f in sources)
    if "Cargo.toml" not in files or not has_tests:
        return None
    run = "CARGO_HOME=/env/cargo CARGO_TARGET_DIR=/tmp/target cargo test --offline"
    return TestPlan(run, "CARGO_HOME=/env/cargo cargo fetch", "Cargo.toml")


def _make(files: Sequence[str], read: Read) -> TestPlan | None:
    found = "Makefile" in files and re.search(r"^test\s*:", read("Makefile") or "", re.MULTILINE)
    return TestPlan("make test", "", "Makefile, target test") if found else None


def judge_output(
    exit_code: int, output: str
) -> tuple[Literal["passed", "failed", "none_found"], int | None, int | None]:
    """(state, passed, failed). An exit code of 0 with no test executed is `none_found`, never `passed`."""
    passed, failed = counts(output)
    if passed == 0 and failed in (0, None) and exit_code in (0, 5):
        return "none_found", 0, 0
    return ("passed" if exit_code == 0 else "failed"), passed, failed


def counts(output: str) -> tuple[int | None, int | None]:
    """(passed, failed) as the runners that we know print them, None where nothing was recognised."""
    output = _COLORS.sub("", output)
    if ran := re.findall(r"^Ran (\d+) tests? in ", output, re.MULTILINE):
        bad = (
            re.findall(r"(?:failures|errors|unexpected successes)=(\d+)", output.rpartition("FAILED (")[2])
            if "FAILED (" in output
            else []
        )
        total, wrong = sum(map(int, ran)), sum(map(int, bad))
        return max(total - wrong, 0), wrong
    if "no tests ran" in output:
        return 0, 0
    summary = _last_summary(output)
    if summary is None:
        return None, None
    numbers = {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|errors?)\b", summary)}
    return numbers.get("passed", 0), numbers.get("failed", 0) + numbers.get("error", 0) + numbers.get("errors", 0)


def _last_summary(output: str) -> str | None:
    lines = [line for line in output.splitlines() if re.search(r"\b\d+ (passed|failed|errors?)\b", line)]
    return lines[-1] if lines else None


def telling_lines(output: str, most: int = 3) -> list[str]:
    """The lines that say best why a command failed: the first ones that speak of an error, else the last ones."""
    lines = [line.strip() for line in _COLORS.sub("", output).splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w+Error|ERROR|error|fatal|E)\b.{8}", line)]
    return [line[:300] for line in (errors[:most] or lines[-most:])]
