"""The head of a Markdown definition: keys with their texts and lines, whatever a stranger wrote there."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from bot.core.errors import BotError
from bot.core.yaml_reading import NO_TEXT, YamlError, YamlSyntaxError, compose

AGENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")
MAX_HEAD = 8_000
"""Characters of front matter."""
MAX_DEPTH = 12
MAX_EVENTS = 400
"""Of the YAML parser, which is slow: about twice as many as there are keys and values."""
_HEAD = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n(.*))?\Z", re.DOTALL)
_HINT = re.compile(r"^(argument-hint:[ \t]+)(\[.*\S)[ \t]*$", re.MULTILINE)
"""Claude Code takes what stands there as it is, mostly `[one] [two]`, which YAML takes for a list, or for nothing."""
_PROSE = re.compile(r"^(description:[ \t]+)(?![\s\"'|>])(.*\S)[ \t]*$", re.MULTILINE)


class DefinitionError(BotError):
    """A definition file that cannot be used; the message names file and line, the hint what to write."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One key's value as text, several joined with commas, and the line of the file it stands in."""

    text: str
    line: int


def split_head(text: str, path: str) -> tuple[Mapping[str, Entry], str]:
    """(front matter by key, body). `path` is only for messages. Raises `DefinitionError`."""
    root, body = read_head(text, path)
    return entries(root, path), body


def read_head(text: str, path: str) -> tuple[yaml.MappingNode, str]:
    """(front matter as it is written, body). A node's line 0 is line 2 of the file. Raises `DefinitionError`."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    match = _HEAD.match(text)
    if match is None:
        raise DefinitionError(
            f"{path}:1: no front matter.", "Begin the file with `---`, `name: ...`, `description: ...`, `---`."
        )
    head = _HINT.sub(_quoted, match[1] or "")
    if len(head) > MAX_HEAD:
        raise DefinitionError(f"{path}:1: the front matter has {len(head)} characters.", f"Write at most {MAX_HEAD}.")
    return _root(head, path), (match[2] or "").strip()


def _root(head: str, path: str) -> yaml.MappingNode:
    try:
        node = _composed(head, path)
    except YamlSyntaxError as error:
        # Claude Code takes a description with `: ` in it, which YAML does not.
        try:
            node = _composed(_PROSE.sub(_quoted, head), path)
        except YamlSyntaxError:
            raise DefinitionError(
                f"{path}:{error.line + 1}: the front matter is not YAML.",
                "Write one `key: value` a line, a value with `: ` or `#` in it in double quotes.",
            ) from error
    if not isinstance(node, yaml.MappingNode):
        raise DefinitionError(f"{path}:2: the front matter has no keys.", "Write `name: ...` and `description: ...`.")
    return node


def _quoted(match: re.Match[str]) -> str:
    return match[1] + json.dumps(match[2], ensure_ascii=False)


def _composed(head: str, path: str) -> yaml.Node | None:
    try:
        return compose(head, "the front matter", most_depth=MAX_DEPTH, most_parts=MAX_EVENTS)
    except YamlSyntaxError:
        raise
    except YamlError as error:
        raise DefinitionError(f"{path}:{error.line + 1}: {error.problem}.", error.hint) from error


def entries(root: yaml.MappingNode, path: str) -> dict[str, Entry]:
    """The front matter by key. Raises `DefinitionError` for a key that is there twice, and for what is no text."""
    found: dict[str, Entry] = {}
    for key, value in root.value:
        line = key.start_mark.line + 2
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in found:
            raise DefinitionError(f"{path}:{line}: `{name}` is there twice.", "Write it once.")
        text = _text(value)
        if wrong := NO_TEXT.search(text):
            raise DefinitionError(
                f"{path}:{line}: the value has the character U+{ord(wrong[0]):04X}, which is no text.", "Leave it out."
            )
        found[name] = Entry(text, line)
    return found


def _text(node: yaml.Node) -> str:
    """A scalar as it is written, the scalars of a list joined with commas; of anything deeper, nothing."""
    if isinstance(node, yaml.ScalarNode):
        return "" if node.tag.endswith(":null") else str(node.value).strip()
    if isinstance(node, yaml.SequenceNode):
        return ", ".join(str(item.value).strip() for item in node.value if isinstance(item, yaml.ScalarNode))
    return ""
