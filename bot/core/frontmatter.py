"""The head of a Markdown definition: keys with their texts and lines, whatever a stranger wrote there."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from bot.core.errors import BotError

AGENT_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")
MAX_HEAD = 8_000
"""Characters of front matter."""
MAX_DEPTH = 12
MAX_EVENTS = 400
"""Of the YAML parser, which is slow: about twice as many as there are keys and values."""
_HEAD = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n(.*))?\Z", re.DOTALL)
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs, which a value in quotes can spell out, and nobody can send on."""
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
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    match = _HEAD.match(text)
    if match is None:
        raise DefinitionError(
            f"{path}:1: no front matter.", "Begin the file with `---`, `name: ...`, `description: ...`, `---`."
        )
    head = match[1] or ""
    if len(head) > MAX_HEAD:
        raise DefinitionError(f"{path}:1: the front matter has {len(head)} characters.", f"Write at most {MAX_HEAD}.")
    return _entries(_root(head, path), path), (match[2] or "").strip()


def _root(head: str, path: str) -> yaml.MappingNode:
    try:
        node = _composed(head, path)
    except yaml.YAMLError as error:
        # Claude Code takes a description with `: ` in it, which YAML does not.
        try:
            node = _composed(_PROSE.sub(lambda m: m[1] + json.dumps(m[2], ensure_ascii=False), head), path)
        except yaml.YAMLError:
            raise DefinitionError(
                f"{path}:{_line_of(error)}: the front matter is not YAML.",
                "Write one `key: value` a line, a value with `: ` or `#` in it in double quotes.",
            ) from error
    if not isinstance(node, yaml.MappingNode):
        raise DefinitionError(f"{path}:2: the front matter has no keys.", "Write `name: ...` and `description: ...`.")
    return node


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 2 if mark else 1


def _composed(head: str, path: str) -> yaml.Node | None:
    """The YAML as nodes, nothing constructed. Aliases, which make little text huge, and deep nesting are refused."""
    depth = 0
    for number, event in enumerate(_events(head)):
        line = event.start_mark.line + 2 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise DefinitionError(
                f"{path}:{line}: `*{(event.anchor or '')[:40]}` is a YAML alias.", "Write the value itself."
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or number > MAX_EVENTS:
            what = "is nested too deep" if depth > MAX_DEPTH else "has too many parts"
            raise DefinitionError(f"{path}:{line}: the front matter {what}.", "Write a few `key: value` lines.")
    return yaml.compose(head, yaml.SafeLoader)


def _events(head: str) -> Iterator[yaml.Event]:
    """What the parser finds. For a number that is no character, as in `"\\UFFFFFFFF"`, it raises errors of Python's."""
    try:
        yield from yaml.parse(head, yaml.SafeLoader)
    except (ValueError, OverflowError) as error:
        raise yaml.YAMLError(str(error)) from error


def _entries(root: yaml.MappingNode, path: str) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for key, value in root.value:
        line = key.start_mark.line + 2
        name = key.value if isinstance(key, yaml.ScalarNode) else ""
        if name in found:
            raise DefinitionError(f"{path}:{line}: `{name}` is there twice.", "Write it once.")
        text = _text(value)
        if wrong := _NO_TEXT.search(text):
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
