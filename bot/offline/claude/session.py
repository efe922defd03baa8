"""A session: what Claude says in each phase, by whom, in which turn. docs/sessions.md explains the file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from bot.core.conversation import Json, StopReason, Usage
from bot.core.errors import BotError
from bot.offline.claude.heading import Heading
from bot.offline.claude.located import Lines, Place, parse


class SessionError(BotError):
    """A session file that cannot be played: where, what is wrong, what to write."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(_Part):
    """One tool call."""

    name: str
    input: Json


def _call(given: object) -> object:
    """`Read: {file_path: a.py}` as the two fields of a `Call`."""
    if isinstance(given, dict) and len(given) == 1:
        [(name, arguments)] = given.items()
        if isinstance(arguments, dict | None):
            return {"name": str(name), "input": arguments or {}}
    raise ValueError("a call is one tool's name with its input, like `Read: {file_path: README.md}`")


class Tokens(_Part):
    """Token counts that replace the estimated ones of a turn."""

    input: int = Field(0, ge=0)
    output: int = Field(0, ge=0)
    cache_write: int = Field(0, ge=0)
    cache_read: int = Field(0, ge=0)

    @property
    def as_usage(self) -> Usage:
        return Usage(self.input, self.output, self.cache_write, self.cache_read)


class Turn(_Part):
    """One reply of the model."""

    text: str = ""
    thinking: str = ""
    tools: tuple[Annotated[Call, BeforeValidator(_call)], ...] = ()
    stop_reason: StopReason | None = None
    delay_seconds: float = Field(0.0, ge=0, le=600)
    usage: Tokens | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Turn":
        if not (self.text.strip() or self.tools or self.stop_reason):
            raise ValueError("a turn needs `text`, `tools` or `stop_reason`")
        if self.tools and self.stop_reason == "end_turn":
            raise ValueError("a turn with tools ends with `stop_reason: tool_use`; leave it out")
        if self.stop_reason == "tool_use" and not self.tools:
            raise ValueError("`stop_reason: tool_use` needs `tools`")
        return self

    @property
    def stops_with(self) -> StopReason:
        """What was written, else `tool_use` with tools and `end_turn` without."""
        return self.stop_reason or ("tool_use" if self.tools else "end_turn")


class Replies(_Part):
    """What one agent says in one phase, turn by turn."""

    phase: str
    agent: str | None = None
    task: str | None = None
    attempt: int | None = Field(None, ge=1)
    call: str | None = None
    turns: tuple[Turn, ...] = Field(min_length=1)

    @property
    def key(self) -> tuple[str, str | None, str | None, int | None, str | None]:
        return (self.phase, self.agent, self.task, self.attempt, self.call)

    @property
    def name(self) -> str:
        """The entry as people know it: `implementation, agent developer, task T1`."""
        extras = [("agent", self.agent), ("call", self.call), ("task", self.task), ("attempt", self.attempt)]
        return ", ".join([self.phase, *(f"{name} {value}" for name, value in extras if value is not None)])

    def rank(self, heading: Heading) -> tuple[bool, bool, bool, bool] | None:
        """How closely this entry fits, None if not at all; what comes first outweighs what follows.

        An agent that another one called is answered only by an entry that names it or the call.
        """
        wanted = (self.attempt, self.task, self.call, self.agent)
        given = (heading.attempt, heading.task, heading.call, heading.agent)
        if self.phase != heading.phase or any(w not in (None, g) for w, g in zip(wanted, given, strict=True)):
            return None
        if heading.call is not None and self.agent is None and self.call is None:
            return None
        attempt, task, call, agent = (one is not None for one in wanted)
        return (attempt, task, call, agent)


class Session(_Part):
    """All replies of a demo or a test."""

    session: str = ""
    replies: tuple[Replies, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _says_each_thing_once(self) -> "Session":
        seen = set[object]()
        for entry in self.replies:
            if entry.key in seen:
                raise ValueError(f"two entries for {entry.name}; put their turns into one")
            seen.add(entry.key)
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], source: str = "the session") -> "Session":
        """A session from plain data in the form of the file. Raises `SessionError`, which names `source`."""
        return _validated(data, source, {})

    @classmethod
    def load(cls, path: str | Path) -> "Session":
        """Read a YAML file, or a JSON file if its name ends so. Raises `SessionError`."""
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SessionError(f"{path} cannot be read: {error}.", "Name a session file in YAML or JSON.") from error
        try:
            data, lines = parse(text, json_syntax=Path(path).suffix == ".json")
        except ValueError as error:
            raise SessionError(f"{path}, {error}.", "docs/sessions.md shows the form of a session.") from error
        return _validated(data, str(path), lines)

    def merged_with(self, *others: "Session") -> "Session":
        """One session of several; where two have an entry for the same thing, the later one holds."""
        entries = {entry.key: entry for session in (self, *others) for entry in session.replies}
        titles = [session.session for session in (self, *others) if session.session]
        return Session(session=" + ".join(titles), replies=tuple(entries.values()))

    def find(self, heading: Heading) -> Replies | None:
        """The entry that fits a conversation most closely."""
        ranked = [(rank, entry) for entry in self.replies if (rank := entry.rank(heading)) is not None]
        return max(ranked, key=lambda pair: pair[0])[1] if ranked else None


_HINTS = {
    "missing": "Add it.",
    "extra_forbidden": "Remove it, or correct the spelling.",
    "string_type": "Put it in quotes.",
    "model_type": "Write keys and values here.",
    "tuple_type": "Write a list here, each item behind a dash.",
    "too_short": "Write at least one.",
}


def _validated(data: object, source: str, lines: Lines) -> Session:
    try:
        return Session.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = _place(first["loc"], source, lines)
        text = first["msg"].removeprefix("Value error, ").rstrip(".")
        hint = _HINTS.get(first["type"], "docs/sessions.md shows the form of a session.")
        raise SessionError(f"{place}: {text[0].lower()}{text[1:]}.", hint) from error


def _place(loc: Place, source: str, lines: Lines) -> str:
    """`demo.yml, line 12, replies[1].turns[0].text`."""
    name = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in loc).lstrip(".")
    known = next((lines[loc[:end]] for end in range(len(loc), -1, -1) if loc[:end] in lines), None)
    return ", ".join(part for part in (source, f"line {known}" if known else "", name) if part)
