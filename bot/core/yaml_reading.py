"""YAML from strangers as nodes with their places: nothing is constructed, and little text cannot become much."""

import re
from collections.abc import Iterator

import yaml

NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs, which a value in quotes can spell out, and nobody can send on."""


class YamlError(Exception):
    """Text that is not used: what is wrong with it, what to do, and where (line and column count from 1)."""

    def __init__(self, problem: str, hint: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{line}:{column}: {problem}")
        self.problem, self.hint, self.line, self.column = problem, hint, line, column


class YamlSyntaxError(YamlError):
    """The text is not YAML at all."""


def compose(text: str, what: str, *, most_depth: int, most_parts: int, tags: bool = True) -> yaml.Node | None:
    """The text's root, None if there is nothing in it; `what` it is, for messages.

    Aliases, which make little text huge, are refused, and so are more levels or events of the parser (two for each key
    with its value) than given; with `tags=False` tags are, too. Raises `YamlError`.
    """
    depth = 0
    for number, event in enumerate(_events(text)):
        if isinstance(event, yaml.AliasEvent):
            raise _wrong(event, f"`*{(event.anchor or '')[:40]}` is a YAML alias", "Write the value itself.")
        if not tags and getattr(event, "tag", None):
            raise _wrong(event, "a YAML tag (`!`) is not taken here", "Leave it out, or put the value in quotes.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > most_depth:
            raise _wrong(event, f"{what} is nested too deep", "Write a few `key: value` lines.")
        if number > most_parts:
            raise _wrong(event, f"{what} has too many parts", "Write a few `key: value` lines.")
    try:
        return yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _syntax(error, text) from error


def _events(text: str) -> Iterator[yaml.Event]:
    """What the parser finds. For a number that is no character, as in `"\\UFFFFFFFF"`, it raises errors of Python's."""
    try:
        yield from yaml.parse(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise _syntax(error, text) from error
    except (ValueError, OverflowError) as error:
        raise YamlSyntaxError("not YAML: a character is written with a number that is none", "Mend it.") from error


def _wrong(event: yaml.Event, problem: str, hint: str) -> YamlError:
    mark = event.start_mark
    return YamlError(problem, hint, mark.line + 1, mark.column + 1) if mark else YamlError(problem, hint)


def _syntax(error: yaml.YAMLError, text: str) -> YamlSyntaxError:
    hint = "Mend that line. A value with `: ` or `#` in it stands in quotes."
    if isinstance(error, yaml.reader.ReaderError):
        before = text[: error.position] if isinstance(error.position, int) else ""
        problem = f"not YAML: the character U+{int(error.character):04X} is not allowed"
        column = len(before) - before.rfind("\n")
        return YamlSyntaxError(problem, "Leave it out.", before.count("\n") + 1, column)
    mark = getattr(error, "problem_mark", None)
    problem = f"not YAML: {getattr(error, 'problem', None) or 'it cannot be read'}"
    return YamlSyntaxError(problem, hint, mark.line + 1, mark.column + 1) if mark else YamlSyntaxError(problem, hint)
