"""The settings as they were given, right or wrong: each wrong one is named with its place, and left out."""

import difflib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import Original, parse_stream
from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.settings import Settings, variable_of

ENV_FILE = ".env"


class _Given(Settings):
    """Settings from nothing but what is passed."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


@dataclass(slots=True)
class Given:
    """What was read. `problems` are (sentence, fix)."""

    settings: Settings
    problems: list[tuple[str, str]] = field(default_factory=list)
    unknown: list[tuple[str, str]] = field(default_factory=list)
    """Variables that begin like ours and are none: (sentence, fix)."""
    places: tuple[str, ...] = ()
    """Where anything was found."""


def read_variables(env: Mapping[str, str], file: Path = Path(ENV_FILE)) -> Given:
    """Read the environment, which wins, and the file. Never raises for what stands in them."""
    given = Given(Settings.model_construct())
    lines, from_file = _read_file(file, given)
    ours = {variable_of(name).lower(): name for name in Settings.model_fields}
    merged = {name.lower(): value for name, value in [*from_file.items(), *env.items()]}
    in_env = {name.lower() for name in env}
    place = {name.lower(): f"line {lines.get(name, 0)} of {file}" for name in from_file} | dict.fromkeys(
        in_env, "the environment"
    )
    values = _parsed({ours[name]: value for name, value in merged.items() if name in ours}, place, given)
    given.settings = _validated(values, place, given)
    given.unknown = [
        _unknown(name, place[name], [variable_of(known) for known in Settings.model_fields])
        for name in merged
        if name.startswith("devflow_") and name not in ours
    ]
    given.places = tuple(sorted({place[name].rpartition(" of ")[2] for name in merged if name in ours}))
    return given


def _read_file(file: Path, given: Given) -> tuple[dict[str, int], dict[str, str]]:
    """The line of each name, and its value."""
    if not file.is_file():
        return {}, {}
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cause = (error.strerror or "") if isinstance(error, OSError) else "it is not UTF-8 text"
        given.problems.append((f"{file} cannot be read: {cause}", f"Make {file} a readable text file, or remove it."))
        return {}, {}
    rows = list(parse_stream(io.StringIO(text)))
    for row in rows:
        if row.error:
            fix = "Write `NAME=value`, with quotes around a value that has spaces."
            given.problems.append((f"line {_line(row.original)} of {file} cannot be read", fix))
    values = {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}
    return {row.key: _line(row.original) for row in rows if row.key}, values


def _line(written: Original) -> int:
    """Empty lines before a setting are counted to it."""
    text = written.string
    return written.line + text[: len(text) - len(text.lstrip())].count("\n")


def _parsed(values: dict[str, str], place: Mapping[str, str], given: Given) -> dict[str, object]:
    """Values that are JSON are read as such."""
    found: dict[str, object] = dict(values)
    if "prices" in values:
        try:
            found["prices"] = json.loads(values["prices"])
        except ValueError as error:
            del found["prices"]
            given.problems.append(_problem("prices", f"it is not JSON ({error})", place))
    return found


def _validated(values: dict[str, object], place: Mapping[str, str], given: Given) -> Settings:
    """Settings of all that is right."""
    try:
        return _Given(_env_file=None, **values)  # type: ignore[arg-type]
    except ValidationError as error:
        for one in error.errors(include_input=False, include_url=False):
            name = str(one["loc"][0])
            if name in values:
                given.problems.append(_problem(name, one["msg"], place))
        wrong = {str(one["loc"][0]) for one in error.errors()}
        right = {name: value for name, value in values.items() if name not in wrong}
        return _Given(_env_file=None, **right) if len(right) < len(values) else _Given(_env_file=None)  # type: ignore[arg-type]


def _problem(field_name: str, why: str, place: Mapping[str, str]) -> tuple[str, str]:
    name = variable_of(field_name)
    where = place.get(name.lower(), "the environment")
    why = why[:1].lower() + why[1:]
    return f"{name} is wrong: {why}", f"Mend {name} in {where}; docs/settings.md says what it takes."


def _unknown(name: str, place: str, known: list[str]) -> tuple[str, str]:
    near = difflib.get_close_matches(name.upper(), known, 1)
    meant = f"Write {near[0]}" if near else "Remove it, or look for its name in docs/settings.md"
    return f"{name.upper()} is no setting, so it does nothing", f"{meant}; it stands in {place}."
