"""State that lives in git refs: what a ref holds, how it is packed, and how two writers' changes come together.

`refs/devflow/issues/N` holds the two databases of one issue's runs and has one writer at a time, who says so by a
lease. `refs/devflow/memory` holds what belongs to the whole repository, as lines; many write it, each merges.
"""

import hashlib
import json
import lzma
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from bot.core.conversation import Json
from bot.core.errors import BotError

FORMAT = 1
"""Raised when an older Devflow could not read what is written."""
MANIFEST = "manifest.json"
MEMORY_REF = "refs/devflow/memory"
ISSUES = "refs/devflow/issues/"
MOST_RUNS = 1000
"""Ended runs that are shared; each takes a few hundred bytes."""
MOST_BYTES = 1 << 29
"""Of one unpacked file: more is an attack or a mistake."""
_COUNTS = ("uses", "helped", "misled")
_STATES = ("pending", "active", "replaced", "forgotten")
"""Of a memory; where two changed it, the later of these holds, so what was forgotten stays forgotten."""

Lines = dict[str, Json]
"""What the repository shares: `kind:name` to the thing itself."""


def issue_ref(number: int) -> str:
    """Where the state of an issue's runs is."""
    return f"{ISSUES}{number}"


@dataclass(frozen=True, slots=True)
class Part:
    """One packed file of a ref: how long it is unpacked, and its SHA-256 then."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands beside the packed files of a ref."""

    kind: Literal["issue", "memory"]
    saved_at: datetime
    parts: dict[str, Part] = field(default_factory=dict)
    runs: tuple[str, ...] = ()
    job: str = ""
    """Who works on it; empty if nobody does."""
    until: datetime | None = None
    """When that job counts as dead, unless it saves again."""
    heard: datetime | None = None
    """Up to when the comments of the issue were read."""
    format: int = FORMAT

    def held(self, now: datetime) -> bool:
        """Whether a job that lives is at work on it."""
        return bool(self.job) and self.until is not None and now < self.until


_MANIFEST = TypeAdapter(Manifest)


class StateError(BotError):
    """A ref that cannot be used; nothing of it was changed."""


def pack(manifest: Manifest, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a ref: each part compressed, and the manifest that checks them."""
    parts = {name: Part(len(content), hashlib.sha256(content).hexdigest()) for name, content in files.items()}
    packed = {f"{name}.xz": lzma.compress(content, preset=2) for name, content in files.items()}
    return {MANIFEST: manifest_text(replace(manifest, parts=parts)), **packed}


def manifest_text(manifest: Manifest) -> bytes:
    """The manifest as it is written."""
    told = json.dumps(asdict(manifest), default=lambda value: value.isoformat(), indent=2, sort_keys=True)
    return f"{told}\n".encode()


def unpack(ref: str, kind: Literal["issue", "memory"], files: Mapping[str, bytes]) -> tuple[Manifest, dict[str, bytes]]:
    """What `pack` packed. Raises `StateError` that names the ref and what to do."""
    manifest = read_manifest(ref, files)
    if manifest.kind != kind:
        raise _corrupt(ref, f"it holds {manifest.kind} state where {kind} state belongs")
    return manifest, {name: _part(ref, name, part, files) for name, part in manifest.parts.items()}


def read_manifest(ref: str, files: Mapping[str, bytes]) -> Manifest:
    """The manifest alone. Raises `StateError`."""
    try:
        raw = json.loads(files[MANIFEST])
        number = raw["format"]
    except (KeyError, TypeError, ValueError):
        raise _corrupt(ref, "its manifest is missing or cannot be read") from None
    if not isinstance(number, int) or number > FORMAT:
        raise StateError(
            f"The state in `{ref}` was written by a newer Devflow (format {number}; this one reads up to {FORMAT}).",
            "Use that version of the action, or a newer one. Nothing was changed.",
        )
    try:
        return _MANIFEST.validate_python(raw)
    except ValidationError as error:
        raise _corrupt(ref, f"its manifest is wrong at {error.errors()[0]['loc']}") from None


def _part(ref: str, name: str, part: Part, files: Mapping[str, bytes]) -> bytes:
    try:
        unpacker = lzma.LZMADecompressor()
        content = unpacker.decompress(files[f"{name}.xz"], max_length=min(part.size, MOST_BYTES) + 1)
    except (KeyError, lzma.LZMAError, EOFError):
        raise _corrupt(ref, f"`{name}` is missing or cannot be unpacked") from None
    if len(content) != part.size or hashlib.sha256(content).hexdigest() != part.sha256:
        raise _corrupt(ref, f"`{name}` is not what its checksum says")
    return content


def _corrupt(ref: str, why: str) -> StateError:
    return StateError(
        f"The state in `{ref}` is damaged: {why}.",
        f"Nothing was changed. Look at it with `git fetch origin {ref}`; to begin anew, delete it: "
        f"`git push origin :{ref}`. Comments, branches and pull requests stay.",
    )


def lines_text(lines: Lines) -> bytes:
    """One thing a line, sorted by its key."""
    rows = ({"key": key, "value": value} for key, value in sorted(lines.items()))
    return "".join(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n" for row in rows).encode()


def read_lines(ref: str, content: bytes) -> Lines:
    """What `lines_text` wrote. Raises `StateError`."""
    try:
        rows = [json.loads(line) for line in content.decode().splitlines()]
        return {str(row["key"]): dict(row["value"]) for row in rows}
    except (UnicodeDecodeError, ValueError, KeyError, TypeError):
        raise _corrupt(ref, "a line of it cannot be read") from None


def merged(base: Lines, ours: Lines, theirs: Lines) -> Lines:
    """Both sides' changes since `base`. Who alone changed or removed something is followed; where both changed the same
    thing the later holds, a memory's counts add up, and what was forgotten stays forgotten."""
    found: Lines = {}
    for key in {**theirs, **ours}:
        mine, other, before = ours.get(key), theirs.get(key), base.get(key)
        kept = other if mine == before else mine if other == before else _both(before, mine, other)
        if kept is not None:
            found[key] = kept
    return found


def newest(lines: Lines) -> Lines:
    """The lines without those of the oldest ended runs: estimates and choices of agents rest on the newest anyway."""
    runs = sorted((key for key in lines if key.startswith("run:")), key=lambda key: str(lines[key].get("at") or ""))
    old = set(runs[:-MOST_RUNS])
    return {key: line for key, line in lines.items() if key not in old}


def looked_after(lines: Lines) -> list[int]:
    """Issues and pull requests with a run that has not ended, or whose pull request is open, lowest number first."""
    return sorted({int(line["issue"]) for key, line in lines.items() if key.startswith("open:")})


def _both(before: Json | None, mine: Json | None, other: Json | None) -> Json | None:
    """What both sides changed, each in its way."""
    if mine is None or other is None:
        return mine or other
    if "state" not in mine or "uses" not in mine:
        return max(other, mine, key=lambda one: str(one.get("at") or ""))
    later = max(other, mine, key=lambda one: (_STATES.index(one["state"]), str(one.get("at") or "")))
    start = before or {}
    counts = {name: mine[name] + other[name] - int(start.get(name, 0)) for name in _COUNTS}
    return {**later, **counts}
