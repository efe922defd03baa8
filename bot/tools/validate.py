"""Tool inputs, checked against their own JSON schema, with errors that a model can act on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.core.conversation import Json
from bot.tools.errors import ToolError

Kind = Literal["string", "integer", "boolean"]
_SURROGATE = re.compile("[\ud800-\udfff]")
_TYPES: Mapping[Kind, type] = {"string": str, "integer": int, "boolean": bool}


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a tool. `least` and `most` bound a number, or the length of a string in characters."""

    name: str
    kind: Kind
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None

    def schema(self) -> Json:
        schema: Json = {"type": self.kind, "description": self.description}
        if self.choices:
            schema["enum"] = list(self.choices)
        least, most = ("minimum", "maximum") if self.kind == "integer" else ("minLength", "maxLength")
        bounds = ((least, self.least), (most, self.most))
        return schema | {name: bound for name, bound in bounds if bound is not None}

    def problem(self, value: object) -> str:
        """What is wrong with a value, in words; empty if nothing is."""
        if not isinstance(value, _TYPES[self.kind]) or (self.kind == "integer" and isinstance(value, bool)):
            return f"{self.name} must be {self._a_kind()}, not {_json_type(value)}"
        if isinstance(value, str) and _SURROGATE.search(value):
            return f"{self.name} has halves of surrogate pairs, which are no text"
        if self.choices and value not in self.choices:
            return f"{self.name} must be one of {', '.join(self.choices)}"
        size = len(value) if isinstance(value, str) else value if isinstance(value, int) else 0
        what = f"{self.name} must have" if self.kind == "string" else f"{self.name} must be"
        unit = " characters" if self.kind == "string" else ""
        if self.least is not None and size < self.least:
            return f"{what} at least {self.least}{unit}"
        if self.most is not None and size > self.most:
            return f"{what} at most {self.most}{unit}"
        return ""

    def _a_kind(self) -> str:
        return {"string": "a string", "integer": "a whole number", "boolean": "true or false"}[self.kind]


@dataclass(frozen=True, slots=True)
class Given:
    """A checked input; the accessors trust that `check` has passed."""

    values: Mapping[str, object]

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else default

    def number(self, name: str, default: int) -> int:
        value = self.values.get(name, default)
        return value if isinstance(value, int) else default

    def flag(self, name: str) -> bool:
        return self.values.get(name) is True


def object_schema(fields: tuple[Field, ...]) -> Json:
    """The JSON schema of an input with these fields and no others."""
    return {
        "type": "object",
        "properties": {field.name: field.schema() for field in fields},
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
    }


def check(tool: str, fields: tuple[Field, ...], given: object) -> Given:
    """The input of a call. Raises `ToolError`, naming every wrong field and what is expected; null means not given."""
    if not isinstance(given, dict):
        raise ToolError(f"{tool} takes a JSON object, not {_json_type(given)}.")
    values = {str(name): value for name, value in given.items() if value is not None}
    known = {field.name for field in fields}
    problems = [f"{field.name} is missing" for field in fields if field.required and field.name not in values]
    problems += [f"{name} is not an input of {tool}" for name in values if name not in known]
    problems += [text for field in fields if field.name in values and (text := field.problem(values[field.name]))]
    if problems:
        takes = ", ".join(f"{field.name}{'' if field.required else '?'}" for field in fields)
        raise ToolError(f"{'; '.join(problems)}. {tool} takes: {takes}.")
    return Given(values)


def _json_type(value: object) -> str:
    names = {
        str: "a string",
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return names.get(type(value), "null" if value is None else "something else")
