"""GraphQL documents, read: one operation, its selections, arguments and variables. No fragments but inline ones."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r'[\s,]+|#[^\n]*|(?P<token>\.\.\.|[!$(){}:=\[\]@|&]|[_A-Za-z]\w*|-?\d+(?:\.\d+)?|"(?:[^"\\\n]|\\.)*")'
)


class QueryError(ValueError):
    """A document that is no GraphQL, or uses what is not served."""


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name` as a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """One selected field; `on` is the type of the inline fragment it stands in."""

    name: str
    key: str
    arguments: Mapping[str, Any]
    fields: tuple["Field", ...]
    on: str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a document asks for; `variables` maps declared names to whether they must be given."""

    kind: str
    variables: Mapping[str, bool]
    fields: tuple[Field, ...]


def parse_query(text: str) -> Operation:
    """Raises `QueryError`."""
    return _Reader(text).operation()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise QueryError(f"Unexpected character {text[at]!r}")
            if found["token"]:
                self._tokens.append(found["token"])
            at = found.end()
        self._tokens.reverse()

    def _peek(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def _next(self, wanted: str = "") -> str:
        token = self._tokens.pop() if self._tokens else ""
        if not token or (wanted and token != wanted):
            raise QueryError(f"Expected {wanted or 'more'}, found {token or 'the end'}")
        return token

    def operation(self) -> Operation:
        kind, variables = "query", dict[str, bool]()
        if self._peek() != "{":
            kind = self._next()
            if self._peek() not in ("(", "{"):
                self._next()
            if self._peek() == "(":
                variables = self._declared()
        if kind not in ("query", "mutation"):
            raise QueryError(f"{kind} is not served")
        operation = Operation(kind, variables, self._selection(None))
        if self._tokens:
            raise QueryError("one operation at a time is served")
        return operation

    def _declared(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        self._next("(")
        while self._peek() != ")":
            self._next("$")
            name = self._next()
            self._next(":")
            while self._peek() not in ("$", ")"):
                found[name] = self._next() == "!"
        self._next(")")
        return found

    def _selection(self, on: str | None) -> tuple[Field, ...]:
        fields: list[Field] = []
        self._next("{")
        while self._peek() != "}":
            if self._peek() == "...":
                self._next()
                self._next("on")
                fields += self._selection(self._next())
            else:
                fields.append(self._field(on))
        self._next("}")
        return tuple(fields)

    def _field(self, on: str | None) -> Field:
        key = name = self._next()
        if self._peek() == ":":
            self._next()
            name = self._next()
        arguments = dict[str, Any]()
        if self._peek() == "(":
            self._next()
            while self._peek() != ")":
                argument = self._next()
                self._next(":")
                arguments[argument] = self._value()
            self._next(")")
        return Field(name, key, arguments, self._selection(None) if self._peek() == "{" else (), on)

    def _value(self) -> Any:
        first = self._next()
        if first == "$":
            return Variable(self._next())
        if first == "{":
            entries = dict[str, Any]()
            while self._peek() != "}":
                name = self._next()
                self._next(":")
                entries[name] = self._value()
            self._next("}")
            return entries
        if first in ("[", "@", "(", ")", "!"):
            raise QueryError(f"{first} is not served as a value")
        if first[0] in '"-0123456789' or first in ("true", "false", "null"):
            return json.loads(first)
        return first
