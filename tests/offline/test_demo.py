"""`devflow demo` as a visitor meets it: a process, its words, its report and its exit code."""

import re
import signal
import subprocess
from dataclasses import fields
from pathlib import Path
from urllib.request import urlopen

import pytest

from bot.offline.demo import Wish
from tests.offline.demos import SECONDS, demo, played, quick_session, write_session

pytestmark = pytest.mark.slow

FILES = [
    "README.md",
    "latchkey/__init__.py",
    "latchkey/app.py",
    "latchkey/limiter.py",
    "tests/test_app.py",
    "tests/test_limiter.py",
]


def test_the_built_in_demo_ends_with_a_pull_request_that_holds(tmp_path: Path) -> None:
    """With nothing but an empty folder: every phase done, the tests green, six files on the branch, exit 0. Settings of
    the visitor's own that would break a service are not even looked at."""
    junk = {
        "DEVFLOW_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "DEVFLOW_PORT": "junk",
        "DEVFLOW_APP_ID": "junk",
        "DEVFLOW_PROVIDER": "junk",
        "GITHUB_TOKEN": "junk-token",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "GIT_DIR": "/nonexistent",
    }
    (tmp_path / ".env").write_text("DEVFLOW_STATE_DIR=/nonexistent/x\nDEVFLOW_SANDBOX=junk\n")
    code, said, report = played(tmp_path, env=junk)
    assert (code, report["ok"], report["reason"], report["state"]) == (0, True, "", "succeeded")
    first = said.splitlines()[0]
    assert first.startswith("SCRIPTED")
    assert len(first) <= 80
    assert report["model"] == "scripted"
    assert [p["state"] for p in report["phases"]] == ["done"] * 7
    assert all(p["seconds"] >= 0 for p in report["phases"])
    assert report["tests"]["state"] == "passed"
    assert report["tests"]["exit_code"] == 0
    assert "unittest" in report["tests"]["command"]
    pull = report["pull_request"]
    assert pull["files"] == FILES
    assert len(pull["head"]) == 40
    assert report["run"] in pull["branch"]
    assert {row["state"] for row in report["evidence"]} == {"ok"}
    assert [c["author"] for c in report["comments"]][:2] == ["maria", "devflow[bot]"]
    for part in ("The issue: acme/latchkey#1", "+class AttemptLimiter:", "The evidence", "OK: the evidence holds."):
        assert part in said
    assert "junk-token" not in said
    assert documented("The report", r"`([a-z_]+)`") == set(report)
    assert Path(report["where"]).is_relative_to(tmp_path / ".devflow" / "demo")


def documented(heading: str, pattern: str) -> set[str]:
    """What docs/demo.md names in the first column of the table below a heading."""
    text = (Path(__file__).parents[2] / "docs" / "demo.md").read_text("utf-8").partition(f"# {heading}")[2]
    rows = [line.split("|")[1] for line in text.partition("\n#")[0].splitlines() if line.startswith("| `")]
    return set(re.findall(pattern, " ".join(rows)))


def test_every_option_is_documented() -> None:
    """And no other."""
    given = {f"--{field.name}" for field in fields(Wish)}
    assert documented("The demo", r"(--[a-z]+)") == given


def test_a_kept_demo_serves_its_pages_until_it_is_interrupted(tmp_path: Path) -> None:
    """`--keep` prints three addresses that answer; Ctrl-C ends it with the code that the evidence deserves. A second
    demo that starts in the same place at the same moment has its own folder and ports; it fails for reasons of its own:
    its session says nothing for the first phase, and the reason is the line to write."""
    kept = demo(tmp_path, "--keep", "--session", str(quick_session(tmp_path)))
    (tmp_path / "other").mkdir()
    session = write_session(tmp_path / "other", {"replies": [{"phase": "design", "turns": [{"text": "Yes."}]}]})
    code, said, report = played(tmp_path, "--session", str(session))
    assert code == 1
    assert "no entry for phase requirements, agent business-analyst" in report["reason"]
    assert "Add one: `- phase: requirements`" in report["reason"]
    assert "Traceback" not in said
    pages = {name: urlopen(url, timeout=SECONDS).read().decode() for name, url in addresses(kept).items()}
    assert "Limit login attempts" in pages["Issue"]
    assert "AttemptLimiter" in pages["Pull request"]
    assert "acme/latchkey" in pages["Dashboard"]
    kept.send_signal(signal.SIGINT)
    assert "Traceback" not in kept.communicate(timeout=SECONDS)[0]
    assert kept.returncode == 0
    assert len(list((tmp_path / ".devflow" / "demo").glob("2*"))) == 2


def addresses(kept: subprocess.Popen[str]) -> dict[str, str]:
    """What a kept demo prints last, by name; returns when it has."""
    assert kept.stdout is not None
    found = {}
    for line in kept.stdout:
        name, _, rest = line.partition(":")
        if name in {"Issue", "Pull request", "Dashboard"}:
            found[name] = rest.strip()
        if "Ctrl-C" in line:
            break
    return found


def test_a_demo_that_is_stopped_says_so_and_leaves_no_report(tmp_path: Path) -> None:
    """In the middle of a run: one line, the usual exit code, and no report of an earlier demo that could be taken for
    this one's."""
    report = tmp_path / "report.json"
    report.write_text('{"ok": true}')
    running = demo(tmp_path, "--report", str(report), "--session", str(quick_session(tmp_path)))
    assert running.stdout is not None
    next(line for line in running.stdout if line.startswith("running  requirements"))
    running.send_signal(signal.SIGTERM)
    said = running.communicate(timeout=SECONDS)[0]
    assert running.returncode == 130
    assert said.endswith("Stopped. Nothing is left running.\n")
    assert not report.exists()


def test_a_reader_that_goes_away_gets_no_traceback(tmp_path: Path) -> None:
    """`devflow demo | head -1` prints its line and ends."""
    errors = tmp_path / "errors.txt"
    with errors.open("w") as stderr:
        running = demo(tmp_path, "--session", str(quick_session(tmp_path)), stderr=stderr)
    assert running.stdout is not None
    assert running.stdout.readline().startswith("SCRIPTED")
    running.stdout.close()
    assert running.wait(SECONDS) == 141
    assert errors.read_text() == ""
