"""YAML read into pydantic models: everything that is wrong with it is told, each thing with its line and column."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from bot.core.text import inline_code
from bot.core.yaml_reading import NO_TEXT

Read = TypeVar("Read", bound=BaseModel)
LISTED = 8
"""Names that a suggestion lists."""
Path = tuple[str | int, ...]
_INT = re.compile(r"[-+]?[0-9]{1,15}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE][-+]?[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing that is wrong with a file; line and column count from 1. Texts are Markdown, ready to be shown."""

    path: str
    line: int
    column: int
    message: str
    hint: str

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"

    def __str__(self) -> str:
        return f"{self.place}: {self.message} {self.hint}".strip()


@dataclass(slots=True)
class Page:
    """A file on its way from nodes to a model: where each key and value stands, and what is wrong.

    `below` is the number of lines above the YAML. `words` say what is expected below a key: "a login", for one.
    """

    path: str
    below: int = 0
    words: Mapping[str, str] = field(default_factory=dict)
    keys: dict[Path, yaml.Node] = field(default_factory=dict)
    values: dict[Path, yaml.Node] = field(default_factory=dict)
    problems: list[FileProblem] = field(default_factory=list)

    def wrong(self, node: yaml.Node | None, message: str, hint: str) -> None:
        """Note a problem where the node begins."""
        line, column = (node.start_mark.line + 1, node.start_mark.column + 1) if node else (1, 1)
        self.problems.append(FileProblem(self.path, line + self.below, column, message, hint))

    def plain(self, node: yaml.Node, at: Path = ()) -> object:
        """The node's data as YAML 1.2 and JSON see it. `yes` and `on` are words, whatever YAML 1.1 makes of them."""
        self.values[at] = node
        if isinstance(node, yaml.MappingNode):
            return dict(self._pairs(node, at))
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.plain(item, (*at, index)) for index, item in enumerate(node.value))
        text = self._text_of(node)
        return _scalar(text) if isinstance(node, yaml.ScalarNode) and node.style is None else text

    def read(self, model: type[Read], data: object, at: Path = ()) -> Read | None:
        """The data as a model, None after problems; `at` is where the data stands in the file."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for found in error.errors(include_url=False):
                self._note(model, at, dict(found))
            return None

    def _text_of(self, node: yaml.Node) -> str:
        """A scalar as it is written; a dash if that is no text at all."""
        if wrong := NO_TEXT.search(str(node.value)):
            self.wrong(node, f"the character U+{ord(wrong[0]):04X} is no text.", "Leave it out.")
            return "-"
        return str(node.value)

    def _pairs(self, node: yaml.MappingNode, at: Path) -> Iterator[tuple[str, object]]:
        seen = set[str]()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self.wrong(key, "a key is one word.", "Write `key: value`.")
                continue
            name = self._text_of(key)
            if name in seen:
                self.wrong(key, f"{shown(name)} is there twice.", "Write it once.")
                continue
            seen.add(name)
            self.keys[*at, name] = key
            data = self.plain(value, (*at, name))
            if data is None:
                self.wrong(key, f"{shown(name)} has no value.", "Write one, or leave the key out.")
            else:
                yield name, data

    def _note(self, model: type[BaseModel], start: Path, found: Mapping[str, Any]) -> None:
        """One error of pydantic in our words, at the innermost thing of its path that stands in the file."""
        kind, inside = str(found["type"]), tuple(found["loc"])
        at = (*start, *inside)
        if inside and inside[-1] == "[key]":
            self.wrong(self.keys.get(at[:-1]), f"{shown(at[-2])} is not {self._expected(at)}.", "Mend the name.")
        elif kind == "extra_forbidden":
            hint = suggestion(str(at[-1]), fields_at(model, inside[:-1]))
            self.wrong(self.keys.get(at), f"unknown key {shown(at[-1])}.", hint)
        else:
            while at and at not in self.values:
                at = at[:-1]
            node = self.values.get(at)
            given = str(node.value)[:60] if isinstance(node, yaml.ScalarNode) else ""
            fields = fields_at(model, at[len(start) :])
            missing = str(inside[-1]) if kind == "missing" else ""
            wrong = _wrong(kind, given, found.get("ctx", {}), fields, missing)
            self.wrong(node, *(wrong or (f"{_given(given)} is not {self._expected(at)}.", "Mend it.")))

    def _expected(self, at: Path) -> str:
        return next((self.words[str(part)] for part in reversed(at) if part in self.words), "what is expected here")


def _scalar(text: str) -> object:
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if _INT.fullmatch(text):
        return int(text)
    number = float(text) if _FLOAT.fullmatch(text) else math.inf
    if math.isinf(number):
        return text
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _wrong(
    kind: str, given: str, limits: Mapping[str, Any], names: Sequence[str], missing: str
) -> tuple[str, str] | None:
    """(what is wrong with a value, what to do), None where that depends on the place. Only scalars have `given`."""
    match kind:
        case "missing":
            return f"`{missing}` is missing.", f"Write `{missing}: ...` here."
        case "model_type" | "dict_type" | "mapping_type":
            return "keys are expected here.", f"Known keys: {', '.join(names)}." if names else "Write `name: value`."
        case "tuple_type":
            return "a list is expected here.", "Write `[one, two]`, or a `- ` line for each."
        case "string_type":
            return "one line of text is expected here.", 'Put it in quotes: `"..."`.' if given else "Write one text."
        case "bool_type":
            return f"{_given(given)} is neither true nor false.", "Write `true` or `false`."
        case "literal_error":
            words = re.findall(r"'([^']*)'", str(limits.get("expected", "")))
            near = get_close_matches(given.lower(), words, 1)
            hint = f"Did you mean `{near[0]}`?" if near else "Write one of them."
            return f"{_given(given)} is not one of {', '.join(words)}.", hint
        case "int_type" | "float_type" | "int_from_float":
            return f"{_given(given)} is not a {'whole ' if kind != 'float_type' else ''}number.", "Write digits."
        case "greater_than_equal" | "less_than_equal":
            bound = limits.get("ge", limits.get("le"))
            return f"{_given(given)} is out of bounds.", f"At {'least' if 'ge' in limits else 'most'} {bound:g}."
        case "string_too_long" | "too_long":
            return "this is too long.", f"At most {limits.get('max_length')} are taken."
    return None


def shown(value: object) -> str:
    """A stranger's word, short and as code."""
    return inline_code(str(value)[:60])


def _given(text: str) -> str:
    return shown(text) if text else "this"


def suggestion(word: str, names: Sequence[str]) -> str:
    """A sentence: the name that was probably meant, else those there are."""
    near = get_close_matches(word.lower(), names, 1)
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(names[:LISTED]) or 'none'}{more}."


def fields_at(model: type[BaseModel], at: Path) -> tuple[str, ...]:
    """The keys that may stand at a place of what a model reads, none where names are free."""
    kind: Any = model
    for part in at:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            known = kind.model_fields.get(str(part))
            kind = known.annotation if known else None
        else:
            kind = (
                next((arg for arg in reversed(get_args(kind)) if arg is not Ellipsis), None)
                if get_origin(kind)
                else None
            )
    return tuple(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else ()
