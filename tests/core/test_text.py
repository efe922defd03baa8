"""Text in and out: what is hidden goes, what is secret goes, what is quoted stays quoted, what is long is cut well."""

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from markdown_it import MarkdownIt

from bot.core.effects import mark, marks_in
from bot.core.text import (
    Cleaned,
    clean_untrusted,
    close_blocks,
    comment_parts,
    escape_markdown_inline,
    fence,
    inline_code,
    neutralise_mentions,
    redact_secrets,
    split_comment,
    truncate_middle,
)

ANY = st.text(st.characters() | st.sampled_from("\n`~>-#@<!|\\ "), max_size=60)


def units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


# What is hidden


@pytest.mark.parametrize(
    ("text", "clean", "removed"),
    [
        ("plain words, é, 日本, 👍\n\ttab", "plain words, é, 日本, 👍\n\ttab", ()),
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd", ()),
        ("a\u200bb\u200cc\u200dd\u2060e\u2064f\u180eg\ufeffh\u3164i", "abcdefghi", (("zero-width characters", 8),)),
        ("a\u202eb\u2066c\u2069d\u200ee\u061cf", "abcdef", (("text direction controls", 5),)),
        ("a" + "".join(chr(0xE0000 + ord(c)) for c in "hi\x7f") + "b", "ab", (("tag characters", 3),)),
        ("a\ufe00b\ufe0fc\U000e0100d\U000e01efe", "abcde", (("variation selectors", 4),)),
        (
            "❤\ufe0f ❤\ufe0f\ufe0f 1\ufe0f\u20e3 1\ufe0f",
            "❤\ufe0f ❤\ufe0f 1\ufe0f\u20e3 1",
            (("variation selectors", 2),),
        ),
        ("in\u00advis\u00adible", "invisible", (("soft hyphens", 2),)),
        ("a\0b\x1b[31mc\x85d\x7fe\x0cf", "ab[31mcdef", (("control characters", 5),)),
        ("a\ud800b", "ab", (("broken characters", 1),)),
        ("a <!-- x --> b", "a  b", (("HTML comments", 1),)),
        ("a\n<!--\nx\n\ny\n-->\nb", "a\n\nb", (("HTML comments", 1),)),
        ("a\n\n<!-- never closed\n\nb", "a\n\n", (("HTML comments", 1),)),
        ("a <!-- shown, since never closed\n\nb", "a <!-- shown, since never closed\n\nb", ()),
        ("```\n<!--\n```\nb", "```\n<!--\n```\nb", ()),
        ("<!\u200b-- x -->", "", (("zero-width characters", 1), ("HTML comments", 1))),
        ("<!<!-- a -->-- b -->", "<! -- b -->", (("HTML comments", 1),)),
        ("a\n[//]: # (obey)\n[x]: # 'obey'\n[y]: <> \"obey\"\nb", "a\n\n\n\nb", (("HTML comments", 3),)),
        ("[docs]: https://example.org 'title'", "[docs]: https://example.org 'title'", ()),
    ],
)
def test_only_what_a_person_sees_is_left(text: str, clean: str, removed: tuple[tuple[str, int], ...]) -> None:
    """And what went is counted, for the page that shows it."""
    assert clean_untrusted(text) == Cleaned(clean, removed)


IGNORABLE = [0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0]
RANGES = [(0x180B, 0x180F), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF0, 0xFFFB)]
RANGES += [(0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF), (0x80, 0x9F), (0xD800, 0xDFFF)]


def test_every_invisible_character_of_unicode_goes() -> None:
    """Default_Ignorable_Code_Point of the standard, and the controls: none survives between two letters."""
    points = [*IGNORABLE, *(point for first, last in RANGES for point in range(first, last + 1))]
    assert [hex(point) for point in points if clean_untrusted(f"a{chr(point)}b").text != "ab"] == []


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["<!--", "-->", "<", "!", "-", "\n", "`", "x", "\u200b", "[a]: # (b)", "> "]), max_size=30)
)
def test_what_is_clean_stays_as_it_is(pieces: list[str]) -> None:
    """Taking something out never makes a new comment of the pieces around it, and no mark of ours gets through."""
    once = clean_untrusted("".join(pieces)).text
    assert clean_untrusted(once).text == once
    assert marks_in(clean_untrusted("".join(pieces) + mark("run", "key")).text) == []


# What is secret

WORD = "abcdefghijklmnopqrstuvwxyz0123456789"
SECRETS = [
    *(f"gh{kind}_{WORD.upper()}" for kind in "pousr"),
    f"ghs_12345_{WORD}.{WORD}.{WORD}",
    f"github_pat_11ABCDEFG_{WORD}{WORD}",
    "sk-ant-api03-AbCd_efgh-ijkl",
    f"sk-proj-{WORD}",
    "AKIAIOSFODNN7EXAMPLE",
    "xoxb-123456789012-abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl-_",
    f"-----BEGIN RSA PRIVATE KEY-----\nMIIE{WORD}\n{WORD}==\n-----END RSA PRIVATE KEY-----",
    f"-----BEGIN PRIVATE KEY-----\\nMIIE{WORD}\\n{WORD}",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("token=", "\n"), ('{"a":"', '"}'), ("`", "`"), ("x\\n", " y")]
)
def test_secrets_of_known_forms_are_taken_out(secret: str, before: str, after: str) -> None:
    """Whatever stands around them; nothing of them is left."""
    found = redact_secrets(f"{before}{secret}{after}")
    assert re.fullmatch(rf"{re.escape(before)}\[redacted [A-Za-z ]+\]{re.escape(after)}", found)


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("https://x-access-token:s3cret@github.com/o/r", "https://x-access-token:[redacted password]@github.com/o/r"),
        ("postgresql://app:p@ss:w@db:5432/x", "postgresql://app:[redacted password]@db:5432/x"),
        ("Authorization: Bearer abcdef.123456", "Authorization: Bearer [redacted token]"),
        ('"authorization": "Basic dXNlcjpwYXNz"', '"authorization": "Basic [redacted token]"'),
        (f"AWS_SECRET_ACCESS_KEY={'aB3/' * 10}", "AWS_SECRET_ACCESS_KEY=[redacted AWS key]"),
        (
            "https://hooks.slack.com/services/T000/B000/XXXXXXXX",
            "https://hooks.slack.com/services/[redacted Slack token]",
        ),
        ("-----BEGIN PRIVATE KEY-----\nhow to write one", "[redacted private key]\nhow to write one"),
    ],
)
def test_a_secret_in_its_place_leaves_the_place(text: str, redacted: str) -> None:
    """A log stays readable."""
    assert redact_secrets(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "ghp_short",
        "layout(highp_float)",
        "https://example.org:8080/@user",
        "http://localhost:5432 and a@b.c",
        "task-force-" + WORD,
        "eyJ is how they start",
        "AKIA",
        "0123456789abcdef0123456789abcdef01234567",
        "Authorization: needed",
        "sk-ant-",
    ],
)
def test_ordinary_words_are_no_secrets(text: str) -> None:
    """Commit hashes, ports and mail addresses stay."""
    assert redact_secrets(text) == text


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from([*SECRETS, "://", ":", "@", " ", "\n", "Authorization: Bearer ", "a", "[", "]"]) | ANY,
        max_size=8,
    )
)
def test_redacting_twice_changes_nothing_more(pieces: list[str]) -> None:
    """What stands for a secret is no secret."""
    once = redact_secrets("".join(pieces))
    assert redact_secrets(once) == once


# What is quoted


@given(ANY)
def test_a_fence_holds_any_text(text: str) -> None:
    """Rendered, it is one block of code with exactly these lines."""
    text = clean_untrusted(text).text
    [block] = MarkdownIt("commonmark").parse(fence(text, "text"))
    assert block.content == text.removesuffix("\n") + "\n"


def test_a_fence_names_its_language_safely() -> None:
    """A language from outside cannot end the line or add attributes."""
    assert fence("x", "c++\n```js x") == "```c++jsx\nx\n```"
    assert fence("````") == "`````\n````\n`````"


@given(ANY.map(lambda text: " ".join(clean_untrusted(text).text.split())).filter(bool))
def test_inline_code_holds_any_words(text: str) -> None:
    """Rendered, it is one span with exactly these words."""
    [child] = MarkdownIt("commonmark").parseInline(f"{inline_code(text)}")[0].children or []
    assert (child.type, child.content) == ("code_inline", text)


@given(ANY)
def test_escaped_words_are_shown_as_they_are(text: str) -> None:
    """Rendered, even in a table, they are text and nothing else."""
    text = " ".join(clean_untrusted(text).text.split())
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    page = parser.render(f"| a |\n|---|\n| {escape_markdown_inline(text)} |\n")
    cell = re.search(r"<tbody>\s*<tr>\s*<td>(.*?)</td>", page, re.DOTALL)
    assert cell is not None
    assert html.unescape(cell[1]).replace("\u200b", "").strip() == text.strip()


def test_escaped_words_neither_ping_nor_link() -> None:
    """A title with a name and a number in it is only a title."""
    assert escape_markdown_inline("**Ask** @octocat\nabout #12 and GH-3") == snapshot(
        "\\*\\*Ask\\*\\* @&#8203;octocat about \\#&#8203;12 and GH\\-&#8203;3"
    )


# What must not ping or close


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("Thanks @octocat!", "Thanks `@octocat`!"),
        ("cc @org/team-a.", "cc `@org/team-a`."),
        ("(@a) **@b** _@c_ [@d](u)", "(`@a`) **`@b`** _`@c`_ [`@d`](u)"),
        ("> @a\n- @b\n# @c\n\n| @d |\n|---|\n| @e |", "> `@a`\n- `@b`\n# `@c`\n\n| `@d` |\n|---|\n| `@e` |"),
        ("the `@dataclass` and @b", "the `@dataclass` and ``@b``"),
        ("```\n@a\n```\n\n    @b", "```\n@a\n```\n\n    @b"),
        ("mail a@b.org, a @ b, @, @-x", "mail a@b.org, a @ b, @, @-x"),
        ("x ` @a", "x ` ``@a``"),
        ("`@a", "`@&#8203;a"),
        ("\\`` @a", "\\`` ```@a```"),
        (r"\@a", r"\@&#8203;a"),
        ("&#64;a &#x40;b &commat;c", "`@a` `@b` `@c`"),
        ("@&#97;bc @<!-- -->d", "@&#8203;&#97;bc @&#8203;<!-- -->d"),
        ("https://medium.com/@a [x](https://medium.com/@b)", "https://medium.com/%40a [x](https://medium.com/@b)"),
        ("/@a https://@b", "/`@a` https://%40b"),
        ("@a@b @c&#64;d", "@&#8203;a@b @&#8203;c&#64;d"),
        ("<details>\n@a\n</details>", "<details>\n@&#8203;a\n</details>"),
        ("<a title='@a'>@b</a>", "<a title='@a'>`@b`</a>"),
        ("[^1]: @a", "[^1]: `@a`"),
        ("[^1]: [^2]: @a", "[^1]: [^2]: @&#8203;a"),
        ("[l]: https://x.y/@a\n\n[l]", "[l]: https://x.y/@a\n\n[l]"),
        ("> " * 25 + "@a", "> " * 25 + "`@a`"),
        ("- " * 25 + "@a", "- " * 25 + "@&#8203;a"),
        ("@a\r\n@b", "`@a`\n`@b`"),
    ],
)
def test_nobody_is_pinged(text: str, neutral: str) -> None:
    """Names become code; code, targets of links and mail addresses stay; what is unsure is split. Once is enough."""
    assert neutralise_mentions(text) == neutral
    assert neutralise_mentions(neutral) == neutral


@pytest.mark.parametrize(
    ("text", "neutral"),
    [
        ("Closes #12", "Closes issue #12"),
        ("fix: #1, Resolved o/r#2. FIXES GH-3", "fix: issue #1, Resolved issue o/r#2. FIXES issue GH-3"),
        ("closes\n#12", "closes\nissue #12"),
        ("**Closes** **#12**", "**Closes** **issue #12**"),
        ("Closes <b>#12</b>", "Closes <b>issue #12</b>"),
        ("Closes [#12](u)", "Closes [issue #12](u)"),
        ("Closes &#35;12", "Closes issue &#35;12"),
        ("Fixed https://github.com/o/r/issues/3", "Fixed issue https://github.com/o/r/issues/3"),
        ("<p>\ncloses #12\n</p>", "<p>\ncloses issue #12\n</p>"),
        ("`Closes #12`", "`Closes #12`"),
        (
            "encloses #12, prefix #3, see #4, close to #5, fixture #6",
            "encloses #12, prefix #3, see #4, close to #5, fixture #6",
        ),
    ],
)
def test_nothing_is_closed(text: str, neutral: str) -> None:
    """A word of ours stands between the verb and the number, which stays a link."""
    assert neutralise_mentions(text) == neutral
    assert neutralise_mentions(neutral) == neutral


PINGS = [
    "@a",
    "@b/c",
    " ",
    "\n",
    "\n\n",
    "`",
    "``",
    "```\n",
    "\\",
    "*",
    "_",
    "[",
    "](u)",
    "<b>",
    "<!--",
    "-->",
    "> ",
    "- ",
    "    ",
]
PINGS += ["https://x.y/", "<div>", "|", "~~~\n", "&#64;d", "x", "!", "closes ", "#1"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PINGS), max_size=25).map("".join))
def test_no_name_is_left_in_the_words_of_the_page(text: str) -> None:
    """The page is rendered; outside code nothing in it looks like a mention."""
    page = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(neutralise_mentions(text))
    page = re.sub(r"(?s)<!--.*?-->|<(code|pre)>.*?</\1>|<[a-z][^<>]*>", "", page)
    assert re.findall(r"(?<![A-Za-z0-9_/])@[a-z]", html.unescape(page)) == []


# What is long


@given(ANY.map(lambda text: text * 5), st.integers(0, 320))
def test_a_truncated_text_keeps_its_ends(text: str, limit: int) -> None:
    """It is never longer than asked, and says how much is gone."""
    short = truncate_middle(text, limit)
    assert len(short) <= limit or short == text
    if match := re.search(r"\n\n\[… ([0-9,]+) characters left out …\]\n\n", short):
        count = int(match[1].replace(",", ""))
        assert text.startswith(short[: match.start()])
        assert text.endswith(short[match.end() :])
        assert len(text) == count + match.start() + len(short) - match.end()
    else:
        assert text.startswith(short)


def test_a_truncated_text_cuts_no_character_in_two() -> None:
    """A family is one, and so is a letter with its accent."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    head, _, tail = truncate_middle(family * 60, 150).partition("\n\n[… ")
    assert set(head.split(family)) == {""}
    assert set(tail.partition("]\n\n")[2].split(family)) == {""}


def test_a_short_body_is_one_comment() -> None:
    """Unchanged, up to the limit exactly; emoji count as two, as a browser counts."""
    assert split_comment("") == [""]
    assert split_comment("x" * 65_000) == ["x" * 65_000]
    assert len(split_comment("\U0001f600" * 32_501)) == 2


def test_paragraphs_are_kept_whole() -> None:
    """The next part says that it goes on."""
    body = "\n\n".join(f"Paragraph {n} of several words." for n in range(12))
    assert split_comment(body, 200) == snapshot(
        [
            """\
Paragraph 0 of several words.

Paragraph 1 of several words.

Paragraph 2 of several words.

Paragraph 3 of several words.

""",
            """\
_(continued)_

Paragraph 4 of several words.

Paragraph 5 of several words.

Paragraph 6 of several words.

Paragraph 7 of several words.

""",
            """\
_(continued)_

Paragraph 8 of several words.

Paragraph 9 of several words.

Paragraph 10 of several words.

Paragraph 11 of several words.\
""",
        ]
    )


def test_a_fence_is_closed_and_opened_again() -> None:
    """With its language; inside `<details>`, which go on, too."""
    code = "".join(f"line {n}\n" for n in range(40))
    body = f"<details><summary>Log</summary>\n\n```python\n{code}```\n\n</details>\n\nDone."
    assert split_comment(body, 300)[1] == snapshot("""\
_(continued)_

<details><summary>(continued)</summary>

```python
line 24
line 25
line 26
line 27
line 28
line 29
line 30
line 31
line 32
line 33
line 34
line 35
line 36
line 37
line 38
line 39
```

</details>

Done.\
""")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("```py\n", "```"), ("~~~~\n", "~~~~"), ("> ```\n", "> ```"), ("- ```\n", "  ```"),
     ("1.  x\n\n    ```\n", "    ```"), ("- - - ```\n", "      ```"), ("  ```\n", "  ```")],
)  # fmt: skip
def test_code_stays_code_in_every_part(opening: str, closing: str) -> None:
    """In quotes and lists, too: each part is read alone, and the words after the code are words."""
    prefix = re.match(r"[> ]*", closing)
    assert prefix is not None
    body = opening + "".join(f"{prefix[0]}code {n}\n" for n in range(60)) + closing + "\n\nwords\n"
    parts = split_comment(body, 240)
    assert len(parts) >= 3
    for part in parts:
        tokens = MarkdownIt("commonmark").parse(part)
        inline = " ".join(token.content for token in tokens if token.type == "inline")
        assert not re.search(r"code \d", inline)
    assert [token.content for token in MarkdownIt("commonmark").parse(parts[-1]) if token.type == "inline"][
        -1
    ] == "words"


def test_a_mark_and_a_tag_are_never_cut() -> None:
    """Wherever the limit falls in a line."""
    for size in range(40, 140):
        body = "x" * size + mark("260131-120000-abc", "status") + "<a href='https://example.org/a b c'>" + "y" * 100
        parts = comment_parts(body, 128)
        assert sum(len(marks_in(part.text)) for part in parts) == 1
        assert sum(part.text.count("<a href='https://example.org/a b c'>") for part in parts) == 1


def test_a_limit_must_leave_room_for_words() -> None:
    """A caller's mistake is an error at once, not an endless loop."""
    with pytest.raises(ValueError, match="63"):
        split_comment("x", 63)


BODIES = st.lists(
    st.sampled_from(
        [
            *(
                "words ",
                "\n",
                "\n\n",
                "\r\n",
                "```\n",
                "```py\n",
                "````\n",
                "~~~\n",
                "> ",
                "- ",
                "    ",
                "<details>",
                "</details>",
            ),
            *(
                "<!-- a mark -->",
                "<!--",
                "-->",
                "é",
                "e\u0301",
                "\U0001f468\u200d\U0001f469",
                "\U0001f1e9\U0001f1ea",
                "\ud83d\ude00",
            ),
            *("`code`", "`", "x" * 90, "long words " * 20, "| a | b |\n", "<b>", "\u0301" * 70),
        ]
    ),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(BODIES | ANY, st.integers(64, 400))
def test_nothing_is_lost_and_no_part_is_too_long(body: str, limit: int) -> None:
    """The parts' own texts make up the body, each comment fits, and none is empty."""
    parts = comment_parts(body, limit)
    assert "".join(part.text for part in parts) == body
    assert split_comment(body, limit) == [part.head + part.text + part.tail for part in parts]
    assert all(units(str(part)) <= limit for part in parts)
    assert all(part.text for part in parts) or body == ""
    assert [part.head.startswith("_(continued)_") for part in parts] == [index > 0 for index in range(len(parts))]


@settings(deadline=None)
@given(BODIES, st.integers(64, 400))
def test_no_part_ends_inside_a_character(body: str, limit: int) -> None:
    """Flags, families, accents, line ends and surrogates stay whole, unless one alone is longer than a search."""
    body = body.replace("\u0301" * 70, "")
    for part in comment_parts(body, limit)[1:]:
        assert part.text[:1] not in {"\u0301", "\u200d", "\ude00", "\U0001f1ea"}
        assert not (part.text.startswith("\n") and body[: body.index(part.text)].endswith("\r"))


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("words", "words"),
        ("```py\nx", "```py\nx\n```"),
        ("```py\nx\n```", "```py\nx\n```"),
        ("~~~\nx\n", "~~~\nx\n~~~"),
        ("<details>\n\nx", "<details>\n\nx\n\n</details>"),
        ("<details>\n\n````\nx", "<details>\n\n````\nx\n````\n\n</details>"),
        ("`<details>`", "`<details>`"),
        ("<!-- x", "<!-- x\n-->"),
        ("> ```\n> x\n\nwords", "> ```\n> x\n\nwords"),
    ],
)
def test_open_blocks_are_closed(text: str, closed: str) -> None:
    """So that words of a model cannot swallow what follows them."""
    assert close_blocks(text) == closed
    assert close_blocks(closed) == closed
