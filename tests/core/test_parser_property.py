"""Ten thousand generated comments: a command counts where GitHub shows it as a line of prose, and nowhere else.

Each comment is put together from blocks of which it is known whether a command in them counts. A seed makes each one,
so a failure names the comment and can be repeated.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bot.core.command_errors import CommandError, render_error
from bot.core.commands import Help, parse_comment
from bot.core.markdown import command_lines

COMMENTS = 10_000
CHUNKS = 20
SHOWN, HIDDEN = "/help", "/ping"
WORDS = (
    "words", "a `b` c", "*a* and **b**", "&amp;", "http://x.y", "\\", "é", "<b>x</b>", "@a", "1 < 2", "`` ` ``", "C:\\",
    "![i](x.png)", "[l](y)", "~~gone~~", "$x$", "😀", ":smile:", "a/b/c", "50%", "<br>", "--flag", "(c)", "'", '"',
    "<!-- note -->", "[x]", "#7", "a_b_c", "\u200b", "\u2028", "x\\`y",
)  # fmt: skip
Chance = random.Random


def prose(chance: Chance) -> str:
    """A line that begins with a letter, so that it begins no block."""
    return " ".join(["so", *chance.choices(WORDS, k=chance.randrange(4))])


def plain(chance: Chance) -> str:
    """Words without anything that Markdown reads."""
    return " ".join(chance.choices(("we", "saw", "this", "again", "and", "so"), k=chance.randrange(1, 5)))


@dataclass(frozen=True)
class Block:
    """Lines of Markdown, and how many commands in them count."""

    text: str
    counts: int = 0


Maker = Callable[[Chance, str], str]
"""Hides a line in Markdown."""


def fenced(chance: Chance, line: str) -> str:
    mark = chance.choice("`~") * chance.randrange(3, 7)
    other = ("~~~" if mark[0] == "`" else "```") if chance.random() < 0.3 else plain(chance)
    info = chance.choice(("", "text", " python", "sh title=x"))
    indent = " " * chance.randrange(4)
    return f"{indent}{mark}{info}\n{other}\n{line}\n{prose(chance)}\n{mark}{chance.choice(('', mark[0], '  '))}"


def indented(chance: Chance, line: str) -> str:
    indent = chance.choice(("    ", "\t", "     ", "  \t"))
    return f"{indent}{line}\n{indent}{prose(chance)}\n\n{indent}{line}"


def inline_code(chance: Chance, line: str) -> str:
    ticks = "`" * chance.randrange(1, 4)
    return f"{plain(chance)} {ticks}{plain(chance)}\n{line} {plain(chance)}{ticks} {plain(chance)}"


def quoted(chance: Chance, line: str) -> str:
    mark = chance.choice((">", "> ", " > ", "> > ", ">>> ", "   > "))
    lazy = line if chance.random() < 0.4 else f"{mark}{line}"
    return f"{mark}{plain(chance)}\n{lazy}\n{mark}{plain(chance)}"


def listed(chance: Chance, line: str) -> str:
    mark = chance.choice(("- ", "* ", "+ ", "1. ", "9) ", "- [ ] ", "- [x] "))
    inside = " " * len(mark)
    return chance.choice(
        (
            f"{mark}{line}",
            f"{mark}{plain(chance)}\n{line}",
            f"{mark}{plain(chance)}\n{inside}{line}",
            f"{mark}{plain(chance)}\n\n{inside}{line}",
            f"{mark}{plain(chance)}\n{inside}- {plain(chance)}\n{line}",
        )
    )


def linked(chance: Chance, line: str) -> str:
    bang = chance.choice(("", "!"))
    return chance.choice(
        (
            f"so {bang}[{plain(chance)}\n{line} {plain(chance)}](https://example.org/{plain(chance)[:2]})",
            f"so {bang}[x](\n{line})",
            f"so {bang}[x](<y> '{plain(chance)}\n{line}')",
            f'so {bang}[x](y "\n{line}")',
            f"so {bang}[{plain(chance)}\n{line}][ref]\n\n[ref]: https://example.org",
            f"so <a href='{plain(chance)}\n{line}'>x</a>",
            f"so <img alt=\"\n{line}\n\" src='x'>",
        )
    )


def commented(chance: Chance, line: str) -> str:
    blank = chance.choice(("", "\n"))
    return chance.choice(
        (
            f"<!-- {line} -->",
            f"<!--\n{blank}{line}\n{blank}-->",
            f"<!-- {prose(chance).replace('-->', '')}\n{blank}{line}\n-->",
            f"so <!-- {plain(chance)}\n{line}\n--> {plain(chance)}",
        )
    )


def in_html(chance: Chance, line: str) -> str:
    name = chance.choice(("div", "p", "table", "center", "section", "ul", "h2", "iframe", "form", "dl"))
    return f"<{name}{chance.choice(('', ' align=center'))}>\n{plain(chance)}\n{line}\n</{name}>"


def raw(chance: Chance, line: str) -> str:
    name, blank = chance.choice(("pre", "script", "style", "textarea")), chance.choice(("", "\n"))
    return f"<{name}>\n{blank}{line}\n{blank}</{name}>"


def declared(chance: Chance, line: str) -> str:
    opened, closed = chance.choice((("<?php", "?>"), ("<![CDATA[", "]]>"), ("<!DOCTYPE", ">")))
    return f"{opened}\n{line}\n{closed}"


def folded(chance: Chance, line: str) -> str:
    name = chance.choice(("details", "blockquote", "DETAILS", "del"))
    summary = chance.choice(("", "<summary>log</summary>\n"))
    return f"<{name}>\n{summary}\n{plain(chance)}\n\n{line}\n\n</{name}>"


def in_table(chance: Chance, line: str) -> str:
    return chance.choice(
        (
            f"| a | b |\n|---|---|\n| {line} | x |",
            f"| a |\n|:-:|\n| {plain(chance)} |\n{line}",
            f"a | b\n--- | ---\n{line} | x",
            f"{line} | b\n--- | ---\nx | y",
        )
    )


def headed(chance: Chance, line: str) -> str:
    return chance.choice(
        (f"{'#' * chance.randrange(1, 7)} {line}", f"{line}\n===", f"{plain(chance)}\n{line}\n---", f"## {line} ##")
    )


def struck(chance: Chance, line: str) -> str:
    return f"so ~~{plain(chance)}\n{line}~~ {plain(chance)}"


def noted(chance: Chance, line: str) -> str:
    return chance.choice((f"[^n]: {line}", f"[^n]: {plain(chance)}\n{line}", f"[^n]:\n    {line}"))


def defined(chance: Chance, line: str) -> str:
    name = f"ref{chance.randrange(99)}"
    return chance.choice((f"[{name}]:\n{line}", f"[{name}]: x\n'\n{line}\n'", f"[{name}]: <x> '{line}'"))


def not_first(chance: Chance, line: str) -> str:
    return chance.choice(
        (
            f"{plain(chance)} {line}",
            f"\\{line}",
            f"*{line}*",
            f"&#47;{line[1:]}",
            f"({line})",
            f"\u00a0{line}",
            f"\u200b{line}",
            f"/{line}",
            f"\\`{line}`",
            f"<b>{line}</b>",
            f"@devflow {line}",
        )
    )


HIDING: tuple[Maker, ...] = (
    fenced, indented, inline_code, quoted, listed, linked, commented, in_html, raw, declared, folded, in_table, headed,
    struck, noted, defined, not_first,
)  # fmt: skip
NEVER_CLOSED = (
    "```\n{}", "~~~~ text\n{}\n```", "<!--\n{}", "<pre>\n{}", "<script>\n\n{}", "<details>\n\n{}", "<?php\n{}",
    "<![CDATA[\n{}", "<blockquote>\n\nso\n\n{}", "so <details>\n{}", "<del>\n\n{}",
)  # fmt: skip
"""Each hides everything up to the end of the comment."""


def below_words(chance: Chance, line: str) -> str:
    """Hides nothing by itself."""
    return f"{plain(chance)}\n\n{line}"


def nested(chance: Chance, line: str) -> str:
    """A hiding block inside a quote or a list: what is in there stays hidden, whatever it would be by itself."""
    inner = chance.choice((*HIDING, below_words))(chance, line)
    # Spaces before it would be more indent of the list item, which the lines below it do not have.
    inner = f"{plain(chance)}\n\n{inner}" if inner[0] in " \t" else inner
    for _ in range(chance.randrange(1, 4)):
        first, rest = chance.choice((("> ", "> "), ("- ", "  "), ("1. ", "   ")))
        inner = "\n".join((first if n == 0 else rest) + row for n, row in enumerate(inner.split("\n")))
    return inner


def shown(chance: Chance) -> Block:
    """A command that stands free, with or without words around it."""
    line = " " * chance.randrange(4) + SHOWN + chance.choice(("", "", " ", "  \t"))
    before = chance.choice(("", f"{plain(chance)}\n", f"{plain(chance)}  \n", f"{plain(chance)}\\\n", "***\n", "# T\n"))
    return Block(before + line, 1)


def block(chance: Chance) -> Block:
    kind = chance.random()
    if kind < 0.3:
        return shown(chance)
    if kind < 0.4:
        return Block(prose(chance))
    return Block((nested if kind < 0.55 else chance.choice(HIDING))(chance, HIDDEN))


def comment(seed: int) -> tuple[str, int]:
    """(a comment, how many `/help` in it count); no `/ping` in it counts."""
    chance = random.Random(seed)
    blocks = [block(chance) for _ in range(chance.randrange(1, 9))]
    # What is indented goes on with a list that stands above it, so a paragraph comes between.
    texts = [f"so\n\n{one.text}" if one.text[0] in " \t" else one.text for one in blocks]
    if chance.random() < 0.15:
        hidden = "\n\n".join([HIDDEN, *(chance.choice((SHOWN, HIDDEN)) for _ in range(chance.randrange(3)))])
        texts.append(chance.choice(NEVER_CLOSED).format(hidden))
    text = "\n\n".join(texts)
    return text if chance.random() < 0.8 else text.replace("\n", "\r\n"), sum(one.counts for one in blocks)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_command_counts_where_it_is_shown_as_prose_and_nowhere_else(chunk: int) -> None:
    """Nothing out of code, quotes, lists, links, images, tables, HTML and its comments; each that stands free."""
    for seed in range(chunk, COMMENTS, CHUNKS):
        text, expected = comment(seed)
        found = [line.text for line in command_lines(text)]
        assert [line for line in found if HIDDEN in line] == [], f"seed {seed}: {text!r}"
        assert found == [SHOWN] * expected, f"seed {seed}: {text!r}"
        assert parse_comment(text) == [Help()] * expected, f"seed {seed}: {text!r}"


SOUP = (
    "/", "//", "/dev-workflow", "/planning", "/status", "/cancel", "/help", "/ping", "/Help", "/halp", "/de", "/lgtm",
    "/usr/bin", "--quick", "--learning", "--skip", "--skip=", "--agents", "--budget", "--budget=-1", "--budget 2",
    "--base", "--base ../x", "--nope", "--", "-", "=", ",", "design", "review,security", "developer", "1e9", "nan",
    "\n", "\n\n", "\r", "\r\n", "\t", "    ", " ", "`", "```", "~~~", "<!--", "-->", "<details>", "</details>", "<pre>",
    "[", "](", "]:", "![", "> ", "- ", "1. ", "|", "---", "===", "# ", "\\", "&#47;", "<", ">", "'", '"', "[^1]:",
    "\0", "\ufeff", "\u200b", "\u202e", "\u2028", "\ud83d", "\U000f0000", "é", "👩‍💻", "words",
)  # fmt: skip
SOUPS = 5_000


def test_no_soup_of_commands_flags_and_marks_breaks_the_parser() -> None:
    """Whatever is typed gives commands, or errors whose caret is in a line that was typed, and that can be shown."""
    for seed in range(SOUPS):
        chance = random.Random(seed)
        text = "".join(chance.choices(SOUP, k=chance.randrange(40)))
        rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for found in parse_comment(text):
            if isinstance(found, CommandError):
                assert found.text in rows[found.line_number - 1], f"seed {seed}: {text!r}"
                assert 0 <= found.position <= len(found.text), f"seed {seed}: {text!r}"
                assert "^" in render_error(found), f"seed {seed}: {text!r}"
