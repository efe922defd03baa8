"""`devflow state`: the state that GitHub Actions jobs keep in refs of a repository."""

import asyncio
import json
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.bootstrap import open_github, open_refs
from bot.clock import SystemClock
from bot.core.errors import BotError
from bot.core.repository import Repo, Sha
from bot.core.state import ISSUES, MEMORY_REF, Manifest, StateError, issue_ref, read_manifest, unpack
from bot.ports import GitHub, WorkspaceError
from bot.ports_state import RefMovedError, Refs
from bot.settings import load_settings

PREFIX = "refs/devflow/"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Saved:
    """A ref of ours: where it is, how big, and what it says of itself; `problem` if that cannot be read."""

    ref: str
    sha: Sha
    size: int
    manifest: Manifest | None
    problem: str = ""

    @property
    def issue(self) -> int:
        """0 for what the whole repository shares."""
        number = self.ref.removeprefix(ISSUES)
        return int(number) if number.isdigit() else 0


def show_state(repo: str, *, as_json: bool) -> None:
    """What there is, ref by ref."""
    found = _with_refs(repo, lambda refs, _, __: _all(refs))
    if as_json:
        _say(json.dumps([_row(one) for one in found], indent=2))
        return
    if not found:
        _say("There is no state. Jobs of the GitHub Action leave it.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("ref", "bytes", "saved", "runs", "job", "problem"):
        table.add_column(name, overflow="fold")
    for one in found:
        row = _row(one)
        table.add_row(*(Text(str(row[name])) for name in ("ref", "bytes", "saved", "runs", "job", "problem")))
    Console().print(table)


def export_state(repo: str, issue: int, to: Path) -> None:
    """The unpacked files of an issue's state, or with issue 0 of what the repository shares. Raises `BotError`."""

    async def read(refs: Refs, _: GitHub, __: Repo) -> dict[str, bytes]:
        ref = issue_ref(issue) if issue else MEMORY_REF
        stored = await refs.read(ref)
        if stored is None:
            raise BotError(f"There is no `{ref}`.", "`devflow state` lists what there is.")
        return unpack(ref, "issue" if issue else "memory", stored.files)[1]

    files = _with_refs(repo, read)
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, content in files.items():
        (to / Path(name).name).write_bytes(content)
    _say(f"{', '.join(sorted(files))} written to {to}.")


def prune_state(repo: str, days: float) -> None:
    """Delete the state of closed issues that no job has saved for so many days; what is shared stays."""

    async def prune(refs: Refs, github: GitHub, place: Repo) -> str:
        before, gone = SystemClock().now() - timedelta(days=days), []
        for one in await _all(refs):
            if one.issue and await _is_over(github, place, one, before):
                try:
                    await refs.delete(one.ref, one.sha)
                    gone.append(one.ref)
                except RefMovedError:
                    continue
        return f"Deleted: {', '.join(gone)}." if gone else "There is nothing to delete."

    _say(_with_refs(repo, prune))


async def _is_over(github: GitHub, place: Repo, one: Saved, before: datetime) -> bool:
    if one.manifest is None or one.manifest.saved_at > before or one.manifest.held(SystemClock().now()):
        return False
    return (await github.issue(place, one.issue)).state == "closed"


async def _all(refs: Refs) -> list[Saved]:
    found = []
    for ref in sorted(await refs.names(PREFIX)):
        stored = await refs.read(ref)
        if stored is None:
            continue
        size = sum(map(len, stored.files.values()))
        try:
            found.append(Saved(ref, stored.sha, size, read_manifest(ref, stored.files)))
        except StateError as error:
            found.append(Saved(ref, stored.sha, size, None, error.message))
    return found


def _row(one: Saved) -> dict[str, object]:
    manifest = one.manifest
    told = {"ref": one.ref, "bytes": one.size, "problem": one.problem}
    if manifest is None:
        return {**told, "saved": "", "runs": "", "job": ""}
    return {**told, "saved": f"{manifest.saved_at:%Y-%m-%d %H:%M}", "runs": len(manifest.runs), "job": manifest.job}


def _with_refs(repo: str, act: Callable[[Refs, GitHub, Repo], Awaitable[T]]) -> T:
    settings = load_settings()
    named, token = repo or os.environ.get("GITHUB_REPOSITORY", ""), settings.github_token.get_secret_value()
    try:
        place = Repo.parse(named)
    except ValueError:
        raise BotError("Which repository?", "Name it as in `--repo acme/widget`.") from None
    if not token:
        raise BotError("There is no token for GitHub.", "Set GITHUB_TOKEN.")

    async def run(folder: Path) -> T:
        github = open_github(settings)
        try:
            url = f"{settings.github_server_url}/{place}.git"
            return await act(open_refs(settings.model_copy(update={"state_dir": folder}), url, token), github, place)
        except WorkspaceError as error:
            raise BotError(str(error), "Check the repository's name and the token's right to read contents.") from error
        finally:
            await github.aclose()

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(run(Path(folder)))


def _say(text: str) -> None:
    print(text)  # noqa: T201
