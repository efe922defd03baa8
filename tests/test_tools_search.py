"""Glob and Grep: what they find, how they say that there is more, and that no pattern can hang them."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.sandbox import NoSandbox
from bot.core.conversation import ToolUse
from bot.tools import ToolBox
from bot.tools.errors import ToolError
from bot.tools.walk import Pattern, Walk


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for path, text in {
        "main.py": "import app\n",
        "app/login.py": "def login(user):\n    return check(user)\n",
        "app/views/home.py": "def home():\n    return login(None)\n",
        "web/app.ts": "login()\n",
        "web/app.test.tsx": "",
        "node_modules/lib/index.js": "login\n",
        ".venv/lib/site.py": "login\n",
        ".github/workflows/ci.yml": "on: push\n",
        ".git/config": "login\n",
        "sp ace/ünï.md": "login\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "logo.bin").write_bytes(b"login\0login")
    return root


async def use(root: Path, name: str, seconds: float = 20, **inputs: object) -> tuple[str, bool]:
    box = ToolBox(root, NoSandbox("none here."), grep_seconds=seconds)
    result = await box.call(ToolUse("t1", name, dict(inputs)))
    return result.content, result.is_error


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["main.py"]),
        ("**/*.py", ["app/login.py", "app/views/home.py", "main.py"]),
        ("app/**", ["app/login.py", "app/views/home.py"]),
        ("app/**/home.py", ["app/views/home.py"]),
        ("**/app.{ts,test.tsx}", ["web/app.test.tsx", "web/app.ts"]),
        ("web/app.[!x]s", ["web/app.ts"]),
        ("/work/main.p?", ["main.py"]),
        ("node_modules/**", ["node_modules/lib/index.js"]),
        (".github/**/*.yml", [".github/workflows/ci.yml"]),
        ("sp ace/*", ["sp ace/ünï.md"]),
    ],
)
async def test_glob_finds_files_sorted(checkout: Path, pattern: str, found: list[str]) -> None:
    """Names match as in a shell with globstar; dependencies only when they are named; git's own files never."""
    assert await use(checkout, "Glob", pattern=pattern) == ("\n".join(found), False)


async def test_glob_looks_in_a_folder(checkout: Path) -> None:
    """Patterns are relative to the folder, results to the root, so that Read takes them."""
    assert await use(checkout, "Glob", pattern="*.py", path="app") == ("app/login.py", False)
    assert await use(checkout, "Glob", pattern="**/*.js", path="node_modules") == ("node_modules/lib/index.js", False)


async def test_glob_says_when_nothing_or_too_much_is_found(checkout: Path) -> None:
    """An empty answer explains itself; a long one counts what it left out."""
    assert "`**/login.py` looks in all" in (await use(checkout, "Glob", pattern="login.py"))[0]
    (checkout / "many").mkdir()
    for n in range(1500):
        (checkout / "many" / f"{n:04}-{'x' * 40}.txt").touch()
    text, _ = await use(checkout, "Glob", pattern="many/*.txt")
    shown = text.splitlines()
    assert shown[-1] == f"[{1500 - len(shown) + 1} more; narrow the pattern or the path]"
    assert len(text) <= 30_000


@pytest.mark.parametrize("pattern", ["../*", "/etc/*", "{a,b,c,d}{a,b,c,d}{a,b,c,d}{a,b,c,d}"])
async def test_glob_refuses_patterns_that_lead_out_or_explode(checkout: Path, pattern: str) -> None:
    """Neither the disk outside nor a thousand alternatives are looked at."""
    assert (await use(checkout, "Glob", pattern=pattern))[1]


def test_glob_patterns_cannot_be_made_slow() -> None:
    """Patterns built to make a backtracking matcher try for ever end, and are right."""
    assert not Pattern.parse("*a" * 60 + "b").matches("a" * 250)
    assert not Pattern.parse("**/" * 40 + "b").matches("/".join("a" * 60))
    assert Pattern.parse("**/" * 40 + "a").matches("/".join("a" * 60))


@given(
    st.lists(st.sampled_from(["**", "*", "a", "?b", "[ab]"]), min_size=1, max_size=6),
    st.lists(st.sampled_from("ab"), min_size=1, max_size=6),
)
def test_patterns_mean_what_the_plain_definition_says(pattern: list[str], names: list[str]) -> None:
    """The matcher agrees with the recursive definition of a glob over path components."""

    def plain(at: int, to: int) -> bool:
        if at == len(pattern):
            return to == len(names)
        if pattern[at] == "**":
            return any(plain(at + 1, n) for n in range(to, len(names) + 1))
        one = {"*": True, "a": names[to : to + 1] == ["a"], "?b": False, "[ab]": True}[pattern[at]]
        return to < len(names) and one and plain(at + 1, to + 1)

    assert Pattern.parse("/".join(pattern)).matches("/".join(names)) == plain(0, 0)


def test_a_walk_follows_no_link_and_ends(checkout: Path) -> None:
    """Links to folders, loops and very deep trees are survived; a depth that was left out is said."""
    (checkout / "loop").symlink_to(".")
    (checkout / "out").symlink_to("/")
    deep = checkout
    for _ in range(80):
        deep = deep / "d"
        deep.mkdir()
    (deep / "bottom.txt").touch()
    walk = Walk(checkout)
    paths = [path for _, _, path in walk]
    assert "main.py" in paths
    assert not any(path.startswith(("loop", "out", ".git/", "node_modules")) or "bottom" in path for path in paths)
    assert walk.cut


def test_a_walk_of_what_is_not_there_is_refused(checkout: Path) -> None:
    """A folder that does not exist, or is a link, is an error and not an empty answer."""
    (checkout / "out").symlink_to("/")
    for start in ("nope", "out"):
        with pytest.raises(ToolError):
            list(Walk(checkout, (start,)))


async def test_grep_lists_files_lines_and_counts(checkout: Path) -> None:
    """Three kinds of answer; binary files, dependencies and git's own are left out."""
    files, _ = await use(checkout, "Grep", pattern="login")
    assert sorted(files.splitlines()) == ["app/login.py", "app/views/home.py", "sp ace/ünï.md", "web/app.ts"]
    lines, _ = await use(checkout, "Grep", pattern=r"def \w+\(", output_mode="content")
    assert lines.splitlines() == ["app/login.py:1:def login(user):", "app/views/home.py:1:def home():"]
    counts, _ = await use(checkout, "Grep", pattern="user", output_mode="count")
    assert counts == "app/login.py:2"


async def test_grep_takes_a_path_and_a_glob(checkout: Path) -> None:
    """A file, a folder, a glob by name, a glob by path."""
    assert await use(checkout, "Grep", pattern="login", path="web/app.ts") == ("web/app.ts", False)
    assert await use(checkout, "Grep", pattern="login", path="/work/app/views") == ("app/views/home.py", False)
    assert await use(checkout, "Grep", pattern="login", glob="*.{ts,tsx}") == ("web/app.ts", False)
    assert await use(checkout, "Grep", pattern="login", glob="app/*.py") == ("app/login.py", False)
    assert await use(checkout, "Grep", pattern="login", path="node_modules") == ("node_modules/lib/index.js", False)
    assert "does not exist" in (await use(checkout, "Grep", pattern="login", path="nope"))[0]


async def test_grep_says_when_there_is_nothing_or_more(checkout: Path) -> None:
    """No match is an answer, not an error; lines that did not fit are counted."""
    assert await use(checkout, "Grep", pattern="zzz") == ("Nothing matches `zzz`.", False)
    (checkout / "big.txt").write_text("needle in a line\n" * 5000)
    text, _ = await use(checkout, "Grep", pattern="needle", output_mode="content")
    shown = text.splitlines()
    assert shown[-1] == f"[{5000 - len(shown) + 1} more; narrow the pattern, the path or the glob]"


async def test_grep_says_what_it_did_not_search(checkout: Path) -> None:
    """A file too large to search is no silent miss."""
    (checkout / "dump.sql").write_bytes(b"login\n" * 2**20)
    assert "[1 files of more than 5 MB were not searched]" in (await use(checkout, "Grep", pattern="login"))[0]


async def test_a_regular_expression_that_never_ends_is_killed(checkout: Path) -> None:
    """Catastrophic backtracking costs its seconds and an error; the event loop goes on meanwhile."""
    (checkout / "a.txt").write_text("a" * 60 + "!\n")
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    heart = asyncio.create_task(beat())
    text, error = await use(checkout, "Grep", seconds=1, pattern="(a|a)*$", path="a.txt")
    heart.cancel()
    assert error
    assert "took more than 1 s" in text
    assert beats > 10


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(?P<x", "*"])
async def test_what_is_no_regular_expression_is_named_as_that(checkout: Path, pattern: str) -> None:
    """The model learns what is wrong with it."""
    text, error = await use(checkout, "Grep", pattern=pattern)
    assert error
    assert "not a regular expression" in text


async def test_grep_follows_no_link(checkout: Path) -> None:
    """A link is neither walked into nor opened when named."""
    (checkout.parent / "secret").write_text("TOKEN login\n")
    (checkout / "link").symlink_to("../secret")
    assert "link" not in (await use(checkout, "Grep", pattern="TOKEN"))[0].replace("`TOKEN`", "").split()
    text, error = await use(checkout, "Grep", pattern="TOKEN", path="link", output_mode="content")
    assert error
    assert "symbolic link" in text


async def test_a_module_of_the_checkout_is_not_imported(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search runs our code even where the working directory has modules with the same names."""
    for name in ("json.py", "re.py", "bot.py", "sitecustomize.py"):
        (checkout / name).write_text("raise SystemExit('planted')\n")
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PYTHONPATH", str(checkout))
    assert await use(checkout, "Grep", pattern="import app") == ("main.py", False)
