"""What a place in a comment is to GitHub: prose at the start of a line, other prose, code, raw HTML, or not shown."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote
from markdown_it.token import Token

Context = Literal["line", "text", "code", "html", "hidden"]
"""`line`: first in a line of a top-level paragraph, outside links, struck out words and open HTML elements;
`text`: any other prose; `html`: inside a raw HTML block; `hidden`: link targets and titles, attributes, comments."""

QUOTE_DEPTH = 6
"""Deeper quotes are read as prose of the sixth: what is a quote stays one, and the work for each line is bounded."""

_SLASH_LINE = re.compile(r"(?m)^ {0,3}(?=/[A-Za-z])")
_NEWLINE = re.compile(r"\r\n?")
_FOOTNOTE = re.compile(r"(?m)^( {0,3})\[\^[^\]\s]{1,200}\]:[ \t]*(?=(\S?))")
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_FIRST = 0xF0000
_MOST = 0x1FFFE
_SHIELDS = re.compile(r"<(/?)(details|blockquote|pre|code|del|strike|s)\b[^<>]*>", re.IGNORECASE)
"""Elements that stay open over blank lines and change what their content means to a reader."""
_HTML_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A line that starts with a slash and a word: its 1-based number, its text from the slash on, and the raw lines
    after it up to the next command line."""

    line_number: int
    text: str
    rest: str


def command_lines(text: str, ours: Callable[[str], bool] = lambda line: True) -> list[CommandLine]:
    """The command lines that GitHub shows as prose; code, quotes, lists, links, tables, headings and HTML have none.

    `ours` is asked for each line that starts with a slash and a letter; a line it declines is prose to the one above.
    """
    text = newlines(text)
    starts = [m.end() for m in _SLASH_LINE.finditer(text) if ours(_line_at(text, m.end()))]
    found = contexts(text, starts)
    starts = [start for start in starts if found.get(start) == "line"]
    return list(_cut(text, starts))


def newlines(text: str) -> str:
    """The text with every line end as `\\n`."""
    return _NEWLINE.sub("\n", text)


def contexts(text: str, offsets: Sequence[int]) -> dict[int, Context]:
    """For each offset (ascending, into a text whose line ends are `\\n`), where its character would be shown.

    An offset that is missing from the answer is not known to be anything: a link definition that nobody uses, or a
    nesting past what is followed. Characters of the private use areas stand for the offsets while the text is parsed.
    """
    if not offsets:
        return {}
    offsets = offsets[:_MOST]
    marked = _FOOTNOTE.sub(_as_list_item, _with_sentinels(text, offsets))
    parser = _Parser()
    references = _References()
    tokens = parser.parse(marked, {"references": references})
    found: dict[int, Context] = {}
    for link in references.values():
        _note(found, "hidden", link["href"], link["title"])
    _read_blocks(parser, references, tokens, found)
    return {offsets[index]: context for index, context in found.items() if index < len(offsets)}


class _Parser(MarkdownIt):
    """CommonMark with GitHub's tables and strikethrough, its paragraphs left unread, link targets left as written."""

    def __init__(self) -> None:
        super().__init__("commonmark")
        self.enable(["table", "strikethrough"])
        self.disable(["emphasis", "entity"])
        self.core.ruler.disable(["inline", "text_join"])
        self.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        return url

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return True


class _References(dict[str, dict[str, str]]):
    """Link definitions by label, found with or without our sentinels in it. A label with `^` is a footnote's."""

    def __contains__(self, label: object) -> bool:
        return super().__contains__(_PRIVATE.sub("", str(label)))

    def __setitem__(self, label: str, link: dict[str, str]) -> None:
        label = _PRIVATE.sub("", label)
        if not label.startswith("^"):
            super().__setitem__(label, link)

    def get(self, label: str, default: Any = None) -> Any:
        return super().get(_PRIVATE.sub("", label), default)


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    return state.level < QUOTE_DEPTH and blockquote(state, start, end, silent)


def _line_at(text: str, start: int) -> str:
    end = text.find("\n", start)
    return text[start:] if end < 0 else text[start:end]


def _cut(text: str, starts: Sequence[int]) -> Iterator[CommandLine]:
    number = 1
    for index, start in enumerate(starts):
        number += text.count("\n", starts[index - 1] if index else 0, start)
        line = _line_at(text, start)
        end = len(text) if index + 1 == len(starts) else text.rfind("\n", 0, starts[index + 1]) + 1
        yield CommandLine(number, line.rstrip(), text[start + len(line) + 1 : end])


def _with_sentinels(text: str, offsets: Sequence[int]) -> str:
    """The text with the n-th private character of planes 15 and 16 before the n-th offset, and no other of its kind."""
    cuts = [0, *offsets, len(text)]
    pieces = [_PRIVATE.sub("\ufffd", text[a:b]) for a, b in pairwise(cuts)]
    marks = ["", *(chr(_FIRST + index) for index in range(len(offsets)))]
    return "".join(mark + piece for mark, piece in zip(marks, pieces, strict=True))


def _as_list_item(match: re.Match[str]) -> str:
    """A footnote is a container with an indent of four, as this list item is; `x` keeps an empty one alive."""
    return f"{match[1]}-   {'' if match[2] else 'x'}"


def _read_blocks(
    parser: MarkdownIt, references: _References, tokens: Sequence[Token], found: dict[int, Context]
) -> None:
    shields: dict[str, int] = {}
    paragraph = False
    for token in tokens:
        if token.type == "html_block":
            _note(found, "html", token.content)
            if token.level == 0:
                _count(shields, _HTML_COMMENT.sub("", token.content))
        elif token.type == "inline":
            if _PRIVATE.search(token.content) or _SHIELDS.search(token.content):
                children = parser.inline.parse(token.content, parser, {"references": references}, [])
                _read_inline(children, paragraph and token.level == 1, shields, found)
        else:
            _note(found, "code", token.content, token.info)
            paragraph = token.type == "paragraph_open" and token.level == 0


def _read_inline(children: Iterable[Token], top: bool, shields: dict[str, int], found: dict[int, Context]) -> None:
    first = True
    for token in children:
        match token.type:
            case "text":
                if top and first and token.level == 0 and not any(shields.values()):
                    _note(found, "line", token.content[:1])
                _note(found, "text", token.content)
            case "code_inline":
                _note(found, "code", token.content)
            case "html_inline":
                _note(found, "hidden", token.content)
                if top:
                    _count(shields, token.content)
            case "image":
                _read_inline(token.children or (), False, shields, found)
        _note(found, "hidden", *(str(value) for value in token.attrs.values()))
        first = token.type in {"softbreak", "hardbreak"}


def _count(shields: dict[str, int], html: str) -> None:
    for match in _SHIELDS.finditer(html):
        name = match[2].lower()
        shields[name] = max(0, shields.get(name, 0) + (-1 if match[1] else 1))


def _note(found: dict[int, Context], context: Context, *texts: str) -> None:
    for text in texts:
        for match in _PRIVATE.finditer(text):
            found.setdefault(ord(match[0]) - _FIRST, context)
