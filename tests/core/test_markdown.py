"""Where a line stands in a comment: only what GitHub shows as prose, at the start of a line, is a command line."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.markdown import CommandLine, command_lines, contexts


def lines(text: str) -> list[str]:
    return [line.text for line in command_lines(text)]


@pytest.mark.parametrize(
    "text",
    [
        "/run",
        "   /run",
        "words\n/run",
        "words  \n  /run",
        "words\\\n/run",
        "# Title\n/run",
        "Title\n===\n/run",
        "***\n/run",
        "> quote\n\n/run",
        "- item\n\n/run",
        "```\ncode\n```\n/run",
        "~~~ a `b`\n```\n~~~\n/run",
        "    code\n\n/run",
        "| a |\n|---|\n| b |\n\n/run",
        "<!-- note -->\n/run",
        "<!--\nnote\n-->\n/run",
        "<details>\n<summary>x</summary>\n\ny\n\n</details>\n\n/run",
        "words <b>\n/run\n</b>",
        "[^1]: a footnote\n\n/run",
        "[ref]: https://example.org\n/run",
        "a \\` b\n/run `",
        "a ` b\n\n/run `",
        "a [b\n/run",
        "a <!-- b\n/run",
        "```not `a` fence\n/run",
        "1 < 2\n/run\n3 > 2",
        "\ufeff\n/run",
        "words\r\n/run\r\n",
        "words\r/run",
        "words\x0bwords\x85words\u2028words\n/run",
        "</details>\n\n/run",
        "- [ ] task\n- [x] task\n\n/run",
    ],
)
def test_a_line_of_prose_is_found(text: str) -> None:
    """Whatever stands around it, as long as GitHub shows it as words of its own line."""
    assert [line.split()[0] for line in lines(text)] == ["/run"]


@pytest.mark.parametrize(
    "text",
    [
        "please /run",
        "\u00a0/run",
        "\t/run",
        "    /run",
        "words\n    /run",
        "words\n\t/run",
        " \t/run",
        "//run",
        "/ run",
        "/1run",
        "\\/run",
        "&#47;run",
        "*/run*",
        "**/run**",
        "# /run",
        "/run\n===",
        "words\n/run\n---",
        "> /run",
        ">/run",
        "> words\n/run",
        "> > words\n/run",
        "> - words\n/run",
        "- /run",
        "- words\n/run",
        "- words\n  /run",
        "- words\n\n  /run",
        "1. /run",
        "* a\n    * b\n/run",
        "`/run`",
        "``\n/run\n``",
        "words `code\n/run`",
        "words ``co`de\n/run``",
        "```\n/run\n```",
        "```\n/run",
        "````\n```\n/run\n```\n````",
        "~~~\n/run\n```",
        "   ```\n/run\n   ```",
        "<!-- /run -->",
        "<!--\n/run\n-->",
        "<!--\n\n/run\n\n-->",
        "<!--\n/run",
        "words <!--\n/run\n-->",
        "<details>\n/run\n</details>",
        "<details>\n<summary>log</summary>\n\n/run\n\n</details>",
        "<details>\n\n<details>\n\n</details>\n\n/run\n\n</details>",
        "<DETAILS open>\n\n/run",
        "words <details>\n/run\n</details>",
        "<blockquote>\n\n/run\n\n</blockquote>",
        "<pre>\n\n/run\n\n</pre>",
        "<pre>\n/run\n</pre>",
        "<script>\n\n/run\n\n</script>",
        "<style>\n/run\n</style>",
        "<div>\n/run\n</div>",
        "<del>\n\n/run\n\n</del>",
        "<?php\n/run\n?>",
        "<![CDATA[\n/run\n]]>",
        "<!X\n/run\n>",
        "words <a href='\n/run'>x</a>",
        "[words\n/run](https://example.org)",
        "[words\n/run][ref]\n\n[ref]: https://example.org",
        "[words\n/run]\n\n[words /run]: https://example.org",
        "[words](\n/run)",
        "[words](x\n'\n/run\n')",
        "![words\n/run](https://example.org)",
        "[ref]:\n/run",
        "[ref]: x\n'\n/run\n'",
        "~~words\n/run~~",
        "| a |\n|---|\n/run",
        "/run | b\n--- | ---",
        "[^1]: words\n/run",
        "[^1]:\n    /run",
        "words\n[^note]: words\n/run",
    ],
)
def test_a_line_that_is_not_prose_is_not_found(text: str) -> None:
    """Code, quotes, lists, headings, tables, links, footnotes, HTML and its comments, and what was struck out."""
    assert lines(text) == []


def test_each_line_has_its_number_its_words_and_the_lines_below_it() -> None:
    """Nothing between two commands is lost, code with slashes in it included."""
    text = "Hello\n\n  /build it  \nThus:\n```\n/status\n```\n\n/status\n"
    assert command_lines(text) == [
        CommandLine(3, "/build it", "Thus:\n```\n/status\n```\n\n"),
        CommandLine(9, "/status", ""),
    ]


def test_a_line_that_is_not_ours_belongs_to_the_one_above() -> None:
    """A path at the start of a line is a word of the description."""
    text = "/build\n/usr/bin is wrong\n/status"
    found = command_lines(text, lambda line: line.startswith(("/build", "/status")))
    assert [(line.line_number, line.rest) for line in found] == [(1, "/usr/bin is wrong\n"), (3, "")]


@pytest.mark.parametrize("private", ["\ue000", "\U000f0000", "\U000f0001", "\U00100000", "\U0010fffd"])
def test_private_characters_of_a_comment_stand_for_nothing(private: str) -> None:
    """They mark places while we read, so a comment that brings its own must not mark any."""
    assert lines(f"{private}/a\n`{private}\n/b`\n{private}{private}/c\n\n/d {private}") == [f"/d {private}"]


def test_the_place_of_any_character_can_be_asked() -> None:
    """Prose, code, raw HTML, or a place that is not shown."""
    text = "#one `#two` [#three](#four 'x')\n\n    #five\n\n<p>#six</p>\n\n[l]: #seven\n\n"
    text += "<b a='#eight'>#nine</b>\n\n> #ten\n"
    offsets = [at for at, char in enumerate(text) if char == "#"]
    found = contexts(text, offsets)
    assert [found.get(at) for at in offsets] == [
        "line", "code", "text", "hidden", "code", "html", "hidden", "hidden", "text", "text",
    ]  # fmt: skip


WORDS = st.sampled_from(
    ["words", "a `b` c", "*a*", "1. ", "&amp;", "http://x.y", "| a |", "\\", "", "é", "<b>x</b>", "@a"]
)
PROSE = st.lists(WORDS, max_size=3).map(" ".join)
BLOCKS: list[Callable[[str, str], str]] = [
    lambda prose, run: f"```{prose.replace('`', '')}\n{prose}\n{run}\n{prose}\n```",
    lambda prose, run: f"~~~~\n```\n{run}\n~~~\n~~~~",
    lambda prose, run: f"    {run}\n    {prose}",
    lambda prose, run: f"> {prose}\n> {run}\n> {prose}",
    lambda prose, run: f"> x {prose}\n{run}",
    lambda prose, run: f"- x\n\n  {prose}\n\n  {run}",
    lambda prose, run: f"<!-- {prose}\n{run}\n{prose} -->",
    lambda prose, run: f"x <!-- {prose.replace('|', '')}\n{run}\n-->",
    lambda prose, run: f"<details>\n\n{prose.replace('|', '')}\n\n{run}\n\n</details>",
    lambda prose, run: f"<div>\n{prose.strip() or 'x'}\n{run}\n</div>",
    lambda prose, run: f"x [y\n{run}](https://example.org)",
    lambda prose, run: f"x `y\n{run}`",
    lambda prose, run: f"[^n]: x\n{run}",
    lambda prose, run: f"x ~~y\n{run}~~",
]
HIDING = st.tuples(st.sampled_from(BLOCKS), PROSE).map(lambda pair: pair[0](pair[1], "/hidden"))
SHOWN = st.just("/shown")


@settings(deadline=None)
@given(st.lists(HIDING | SHOWN | st.just("x words"), max_size=6))
def test_exactly_the_commands_in_prose_are_found_among_any_blocks(blocks: list[str]) -> None:
    """Blocks with blank lines between them: every shown command is found, and none that is hidden."""
    assert lines("\n\n".join(blocks)) == ["/shown"] * blocks.count("/shown")


PIECES = st.sampled_from(
    [
        *(
            "/a",
            "\n",
            "\n\n",
            "\r\n",
            "\t",
            "    ",
            " ",
            "|",
            "`",
            "``",
            "```",
            "~~~",
            "~~",
            "> ",
            "- ",
            "1. ",
            "* ",
            "# ",
        ),
        *(
            "---",
            "===",
            "<!--",
            "-->",
            "<?",
            "?>",
            "<![CDATA[",
            "]]>",
            "<details>",
            "</details>",
            "<pre>",
            "<div>",
            "<",
        ),
        *(
            "<a href='",
            "'>",
            "[",
            "](",
            "]:",
            "]",
            ")",
            "![",
            "**",
            "\\",
            "[^1]: ",
            "&#47;",
            "words",
            "\ufeff",
            "é",
            "\u2028",
        ),
        *("\ue000", "\U000f0000", "\0"),
    ]
)
COMMENTS = st.lists(PIECES, max_size=40).map("".join)


@settings(deadline=None)
@given(COMMENTS | st.text())
def test_no_comment_breaks_the_reader(text: str) -> None:
    """Every line that is found is a line of the comment, at its number, and nothing after it is lost."""
    found = command_lines(text)
    rows = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line, after in zip(found, [*found[1:], None], strict=False):
        assert rows[line.line_number - 1].strip(" ").rstrip() == line.text
        below = rows[line.line_number : after.line_number - 1 if after else len(rows)]
        assert line.rest == "\n".join([*below, ""] if after and below else below)


@settings(deadline=None)
@given(COMMENTS)
def test_nothing_below_a_command_hides_it(text: str) -> None:
    """What a person reads first is done, whatever is open at the end."""
    assert lines(f"/first\n\n{text}")[0] == "/first"


HOSTILE = [
    *(
        "[",
        "]",
        "![",
        "[a](",
        "![a](",
        "[a](<b",
        "[a](b 'c",
        "[a][b]",
        "[[a]] ",
        "![![a](x)",
        "[a]:",
        "[a]: b\n",
        "[a]: b 'c\n",
    ),
    *("[a\n", "[^1]: a\n", "`", "` ``", "```\n", "<", "<a\n", "<x@y", "<a ", "<a b='", "<!--", "<!-- -", "<?", "<!A"),
    *(
        "<![CDATA[",
        "<details>",
        "<details>\n\n",
        "&",
        "\\",
        "*a **a ",
        "~~a",
        "~a ~~b",
        "> ",
        "> a\n",
        "> > > > a\na\n",
    ),
    *("> - ", "- ", "- a\n", "-\n", "1. a\n", "|a", "|a|\n|-|\n", "a\n", "a\n=\n", "#\n", "\n", "\0", "\ue000"),
    *("/a\n", "/a `\n", "/a [\n", "/a <!--\n"),
]


def work(call: Callable[[], object]) -> int:
    """How many calls of Python and C functions something makes: a measure that no busy machine disturbs."""
    calls = 0

    def count(frame: FrameType, event: str, arg: object) -> None:
        nonlocal calls
        calls += event.endswith("call")

    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_comment_costs_no_more_than_its_length(piece: str) -> None:
    """Twice the text is about twice the work, so that 64 KB cannot stop the server; the command at its end is safe."""
    small, large = (f"/first\n\n{piece * (size // len(piece))}\n\n/last" for size in (3000, 6000))
    assert work(lambda: command_lines(large)) < 3 * work(lambda: command_lines(small)) + 1000
    assert lines(large)[0] == "/first"
