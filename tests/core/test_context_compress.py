"""Long texts lose what tells least, and nothing of what must always be kept."""

import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.context.compress import GAP, compress
from bot.core.context.units import take_apart
from bot.core.tokens import count_tokens

TALK = [f"The committee spoke for a while about subject number {n} and its history." for n in range(600)]
CODE = [f"    total_{n} = collect(total_{n - 1}, step={n})" for n in range(600)]
NOISE = "\n".join(TALK)


def among(*wanted: str, noise: list[str] = TALK) -> str:
    """What is wanted, with a hundred lines of noise around each."""
    return "\n".join(line for n, one in enumerate([*wanted, ""]) for line in (*noise[100 * n : 100 * n + 100], one))


def test_what_the_query_asks_for_is_kept() -> None:
    """Also with other endings of its words."""
    found = compress(f"{NOISE}\nWe were limiting retries of the webhook.\n{NOISE}", "limit the webhook retry", 400)
    assert "We were limiting retries of the webhook." in found
    assert GAP in found


def test_talk_is_kept_with_what_was_said_around_it() -> None:
    """A question that names the subject brings its answer, which does not."""
    turns = [f"Speaker {n % 3}: well, item {n} is what it is." for n in range(300)]
    turns[150:152] = ["Ann: And what of the battery?", "Bob: Kinetic, unless it costs too much."]
    assert turns[151] in compress("\n".join(turns), "battery", 200).split("\n")


@pytest.mark.parametrize("noise", [TALK, CODE], ids=["talk", "code"])
@pytest.mark.parametrize(
    "line",
    [
        "# Design",
        "- [ ] The login answers 429.",
        "**Acceptance**",
        "Acceptance: five attempts a minute.",
        "Decision: one table.",
        "- Decided by Ann: no cache.",
        "ValueError: no such key",
        "E   assert 3 == 4",
        "tests/test_app.py::test_login FAILED",
        "See src/app.py.",
        "Look at deploy/main.tf too",
        "It is `Limiter.take` that counts.",
    ],
)
def test_structure_is_kept_whatever_the_query_is(line: str, noise: list[str]) -> None:
    """Headings, checklists, acceptance, decisions, errors, and a line for each path and each symbol."""
    assert line in compress(among(line, noise=noise), "zebra", 400).split("\n")


def test_each_file_has_a_line_the_shortest() -> None:
    """A path that many lines name costs no more than one that a single line names."""
    long = "It begins in src/deep/app.py, which has grown over the years and which nobody wants to touch any more."
    found = compress(among(long, "Open src/deep/app.py now", long + " Yes."), "zebra", 300)
    assert "Open src/deep/app.py now" in found
    assert long not in found


def test_a_block_of_code_is_kept_whole_or_not_at_all() -> None:
    """Half a function helps nobody."""
    blocks = [
        f"def function_{n}(value):\n    result = value * {n}\n    log(result, {n})\n    return result + {n}"
        for n in range(90)
    ]
    text = "\n\nAnd the next one.\n\n".join(blocks)
    found = compress(text, "function 40", 700)
    kept = [block for block in blocks if block in found]
    assert 3 < len(kept) < 60
    assert found.count("def function_") == found.count("return result") == len(kept)


def test_what_repeats_is_kept_once_and_last() -> None:
    """A file that was read twice stands there as it was read last, though its lines have other numbers then."""
    lines = ["value = compute(left, right)", "return value + 1", "raise KeyError(value)"]
    first, last = (("\n".join(f"{at + n:>6}\t{line}" for n, line in enumerate(lines))) for at in (10, 12))
    found = compress(f"{first}\n{NOISE}\n{last}\n{NOISE}", "compute value", 700)
    assert found.count("value = compute(left, right)") == 1
    assert last in found


def test_code_of_a_file_that_the_end_names_is_kept() -> None:
    """Of many files that an agent reads, the ones that it names at last are those it is about to change."""

    def read(name: str) -> str:
        body = "\n".join(f"{n:>6}\tstep_{name}_{n}(value, {n * 7919 % 997})" for n in range(1, 41))
        return f'Read {{"file_path": "src/{name}.py"}}\n{body}'

    names = [f"file{n}" for n in range(12)]
    text = "\n".join([*map(read, names), "## Summary", "The cause is in `src/file3.py`."])
    found = compress(text, "zebra", int(0.2 * count_tokens(text)))
    assert {name: found.count(f"step_{name}_") for name in names if found.count(f"step_{name}_") > 35} == {"file3": 40}


def test_the_closing_section_is_kept() -> None:
    """There people and agents say what it comes to."""
    closing = "## Summary\n\nIt is done, but for one thing.\nNobody has told the users yet."
    assert compress(f"{NOISE}\n{closing}", "committee subject history", 500).endswith(closing)


def test_no_code_outweighs_a_heading() -> None:
    """Not even code that the query asks for, read twice, last, of the file that all turns around."""
    code = "Read src/a.py\n" + "\n".join(f"{n:>6}\tretry_webhook_{n}(delivery)" for n in range(1, 200))
    text = f"# What was decided\n{code}\n{code.upper()}\n{code}\nIt is `src/a.py`."
    assert "# What was decided" in compress(text, "retry webhook delivery in src/a.py", 300)


def test_what_there_is_no_room_for_goes_in_order() -> None:
    """Talk first, then errors, names of files, and headings."""
    wanted = [
        "# How the limiter works",
        "We edit it in src/limit.py",
        "ValueError: wrong numbers",
        "Something else was said.",
    ]
    text = among(*wanted)
    gone: list[str] = []
    for budget in range(160, 8, -2):
        found = compress(text, "zebra", budget)
        gone += [line for line in wanted if line not in found and line not in gone]
    assert gone == wanted[::-1]


def test_json_lines_are_shortened_inside() -> None:
    """A transcript with one message a line keeps the lines of a file that matter, not all or nothing."""
    lines = [f"     {n}\\tstep_{n}(value, {n * 7919 % 997})" for n in range(1, 400)]
    lines[200] = "     201\\tretry_webhook(delivery)"
    text = '{"content": "' + "\\n".join(lines) + '"}'
    found = compress(text, "retry the webhook", 500)
    assert "retry_webhook(delivery)" in found
    assert count_tokens(found) <= 500


@pytest.mark.parametrize(
    "line",
    [
        "[00:12:31] Ann: I think so {vocalsound}",
        "00:12:31 Ann: I think so",
        "Ann: from here it looks good",
        "12: twelve of them",
        "1. First we look",
        "- a list entry",
    ],
)
def test_talk_is_not_taken_for_code(line: str) -> None:
    """Time stamps, sounds in braces and numbers do not make code."""
    assert not any(take_apart(f"Bob: Yes.\n{line}\nBob: No.", 500).code)


def test_line_numbers_are_found_by_counting() -> None:
    """As tools print them; one number alone is none."""
    for form in ("{:>6}\t{}", "{:>5}→{}", "{}:{}", "{}|{}", "{:>6}\\t{}"):
        parts = take_apart("\n".join(form.format(n, f"word {n} of it") for n in range(7, 12)), 500)
        assert parts.bare == [f"word {n} of it" for n in range(7, 12)]
    assert take_apart("7: seven\n12: twelve", 500).bare == ["7: seven", "12: twelve"]


@settings(deadline=None)
@given(st.text(), st.text(max_size=50), st.integers(5, 300))
def test_the_budget_holds_for_any_text(text: str, query: str, budget: int) -> None:
    """Whatever comes in."""
    assert count_tokens(compress(text * 20, query, budget)) <= budget


PIECES = st.sampled_from(
    [
        "    x = 1",
        "Ann: hello there",
        "# Title",
        "```",
        "\t",
        "",
        "src/a.py",
        "     7\tx",
        "é漢字" * 30,
        "a\\nb" * 99,
        "w " * 300,
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(PIECES | st.text(st.characters(exclude_characters="[")), max_size=60), st.integers(5, 200))
def test_only_what_was_there_is_kept_in_its_order(lines: list[str], budget: int) -> None:
    """Between the marks stands the text, word for word."""
    text = "\n".join(lines)
    at = 0
    for part in re.split(r"\n?\[\.\.\.\]\n?", compress(text, "hello title", budget)):
        found = text.find(part.strip("\n"), at)
        assert found >= 0, part
        at = found + len(part.strip("\n"))


HOSTILE = {
    "one long word": "a",
    "paths": "/a.b/c.py",
    "dots": "../.",
    "open braces": "{ ;",
    "stars": "**",
    "hashes": "# ",
    "fences": "```\n",
    "numbers": "1:",
    "escapes": "\\n",
    "blank lines": " \n",
    "backticks": "`a",
    "errors": "Error Exception FAIL ",
    "numbered": "1\tx\n2\ty\n",
}


@pytest.mark.parametrize("sign", HOSTILE.values(), ids=HOSTILE)
def test_work_grows_no_faster_than_the_text(sign: str) -> None:
    """Calls are counted, not time; patterns see no piece that is longer than the bound."""
    calls = {size: _calls(sign * (size // len(sign))) for size in (20_000, 40_000)}
    assert calls[40_000] < 2.5 * calls[20_000] + 500
    assert max(map(len, take_apart(sign * (200_000 // len(sign)), 4_000).pieces)) <= 4_000


def _calls(text: str) -> int:
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        compress(text, "error path", 900)
    finally:
        sys.setprofile(None)
    return counted
