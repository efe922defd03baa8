"""Demos for tests: started as people start them, and sessions that speak of small repositories."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import yaml

from bot.offline.demo import Wish, run_demo

SAMPLE = Path(__file__).parents[2] / "bot" / "offline" / "sample"
SECONDS = 240
"""How long a demo may take on a busy machine; alone it takes a few seconds."""


def demo(
    folder: Path, *options: str, env: Mapping[str, str] | None = None, stderr: IO[str] | int = subprocess.STDOUT
) -> subprocess.Popen[str]:
    """Start `devflow demo` in a folder; `stdout` has both streams."""
    return subprocess.Popen(
        [sys.executable, "-m", "bot", "demo", *options],
        cwd=folder,
        env={**os.environ, "COLUMNS": "80", **(env or {})},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        encoding="utf-8",
    )


def played(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> tuple[int, str, dict[str, Any]]:
    """(exit code, what was printed, the report, empty if none was written) of a demo."""
    report = folder / "report.json"
    running = demo(folder, "--report", str(report), *options, env=env)
    said = running.communicate(timeout=SECONDS)[0]
    return running.returncode, said, json.loads(report.read_text()) if report.exists() else {}


def played_here(folder: Path, wish: Wish) -> tuple[int, dict[str, Any]]:
    """(exit code, report) of a demo in this process, which is quicker; its report is in the folder."""
    code = run_demo(replace(wish, report=folder / "report.json"))
    return code, json.loads((folder / "report.json").read_text())


def quick_session(folder: Path, **changes: str) -> Path:
    """The sample's session without its pauses; `changes` replace texts in what is said."""
    text = (SAMPLE / "rate-limit.yaml").read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    session = yaml.safe_load(text)
    for entry in session["replies"]:
        for turn in entry["turns"]:
            turn.pop("delay_seconds", None)
    return write_session(folder, session)


def small_session(folder: Path, files: Mapping[str, str], title: str = "A small change") -> Path:
    """What a model could say to write some files."""
    task = {
        "id": "T1",
        "title": title,
        "description": title,
        "agent": "developer",
        "files": list(files),
        "depends_on": [],
        "acceptance": ["It works."],
    }
    hand_ins = {
        "requirements": {"summary": title, "acceptance": ["It works."], "assumptions": [], "out_of_scope": []},
        "design": {"summary": title, "design": "One function.", "files": list(files), "risks": []},
        "tasks": {"tasks": [task]},
        "review": {"verdict": "approve", "summary": "Fine.", "comments": []},
    }
    replies: list[dict[str, Any]] = [
        {"phase": phase, "turns": [{"tools": [{f"submit_{phase}": given}]}]} for phase, given in hand_ins.items()
    ]
    writes = [{"Write": {"file_path": path, "content": text}} for path, text in files.items()]
    replies.append({"phase": "implementation", "turns": [{"tools": writes}, {"text": "Written."}]})
    replies.append({"phase": "testing", "turns": [{"text": "Nothing to add."}]})
    return write_session(folder, {"session": title, "replies": replies})


def write_session(folder: Path, session: dict[str, Any]) -> Path:
    path = folder / "session.json"
    path.write_text(json.dumps(session))
    return path


def git(folder: Path, *arguments: str) -> str:
    """git with a name to commit under and nobody's configuration."""
    who = {f"GIT_{role}_{what}": "someone" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    env = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **who}
    done = subprocess.run(["git", *arguments], cwd=folder, env=env, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder: Path, files: Mapping[str, str]) -> Path:
    """A git repository with some files as its one commit, on the branch `main`."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return committed(folder)


def committed(folder: Path) -> Path:
    """A folder as a git repository with all its files in one commit."""
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "First commit")
    return folder
