"""The map shows where things are, what the wish speaks of first, within its budget."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.repomap import MOST_READ, repository_map, symbols
from bot.core.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", "class A:\n    def run(self): ...\n    def _x(self): ...\n\ndef f(): ...\n", ["A(run)", "f"]),
        ("a.py", "def broken(:\n", []),
        (
            "a.ts",
            "export class Store {}\nexport async function load() {}\nconst x = 1\n  const inner = 2",
            ["Store", "load", "x"],
        ),
        ("a.go", "func Main() {}\nfunc (s *S) Do() {}\ntype S struct {}", ["Main", "Do", "S"]),
        ("a.rs", "pub fn go() {}\nstruct X;\n    fn inner() {}", ["go", "X", "inner"]),
        ("A.java", "public final class A {\n  void x() {}\n}", ["A"]),
        ("a.rb", "class A\n  def b?\n  end\nend", ["A", "b?"]),
        ("a.c", "static int add(int a, int b) {\n", ["add"]),
        ("a.bin", "\0\1", []),
        ("a.py", "x = 1\0", []),
    ],
)
def test_names_are_found(path: str, text: str, expected: list[str]) -> None:
    """What a file defines is named; what cannot be read is not guessed."""
    assert symbols(path, text) == expected


@pytest.mark.parametrize("ending", ["js", "go", "rs", "java", "rb", "php", "c"])
@pytest.mark.parametrize("line", ["a" * 500, "a " * 250, "(" * 500, "a (" * 160, " " * 500, "public " * 70, "x*" * 250])
def test_no_line_is_looked_at_for_long(ending: str, line: str) -> None:
    """Lines made to be slow are none of ours: thousands of them are done within the test's own patience."""
    assert len(symbols(f"a.{ending}", "\n".join([line] * 2000))) <= 40


def test_the_wish_decides_what_comes_first_into_the_budget() -> None:
    """With room for one file, it is the one that the wish speaks of."""
    files = {f"pkg/other{n:02}.py": "def x(): ..." for n in range(30)} | {
        "pkg/deep/login_limiter.py": "class Limiter: ..."
    }
    shown = repository_map(sorted(files), files.get, "limit the login", 30)
    assert shown.startswith("pkg/deep/login_limiter.py: Limiter")
    assert shown.endswith("more files; use Glob and Grep")


def test_a_small_repository_is_shown_whole_in_order() -> None:
    """Nothing is left out where there is room."""
    files = {"b.py": "def b(): ...", "a.md": "# a"}
    assert repository_map(sorted(files), files.get, "", 1000) == "a.md\nb.py: b"


@given(
    st.lists(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=40), unique=True),
    st.integers(0, 200),
)
def test_the_budget_holds(files: list[str], budget: int) -> None:
    """Whatever the names are, the map stays within its tokens, but for the line that counts the rest."""
    text = repository_map(files, {}.get, "wish", budget)
    body = text.rpartition("... and ")[0] if text.endswith("use Glob and Grep") else text
    assert estimate_tokens(body) <= budget


def test_few_files_are_opened() -> None:
    """None of a language we do not know, and not more than some, however little they define."""
    opened: list[str] = []

    def read(path: str) -> str:
        opened.append(path)
        return "x = 1"

    made = repository_map([*(f"{n}.py" for n in range(MOST_READ + 50)), "a.png", "b.csv"], read, "a png", 5_000)
    assert len(opened) == MOST_READ
    assert {path.rpartition(".")[2] for path in opened} == {"py"}
    assert len(made.splitlines()) == MOST_READ + 52
