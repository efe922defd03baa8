"""A developer who has to mend something gets the lines that say what broke, however much was printed around them."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.failures import mentions, ranked

NOISE = "\n".join(f"2026-01-01 12:00:{n % 60:02} INFO worker-{n}: handled request {n} in 3 ms" for n in range(4000))
PYTEST = """\
=================================== FAILURES ===================================
__________________________________ test_login __________________________________
    def test_login():
>       assert login("ada") == 200
E       assert 500 == 200
E        +  where 500 = login('ada')
tests/test_login.py:14: AssertionError
=========================== short test summary info ============================
FAILED tests/test_login.py::test_login - assert 500 == 200
1 failed, 12 passed in 0.31s"""
GO = """\
--- FAIL: TestLimit (0.00s)
    limit_test.go:21: got 6, want 5
FAIL
FAIL	example.com/limit	0.004s"""
RUST = """\
thread 'tests::limits' panicked at src/lib.rs:31:9:
assertion `left == right` failed
  left: 6
 right: 5
test result: FAILED. 3 passed; 1 failed; 0 ignored"""
JEST = """\
  ● limiter › refuses the sixth
    expect(received).toBe(expected)
    Expected: 429
    Received: 200
      at Object.<anonymous> (test/limit.test.js:9:17)
Tests:       1 failed, 7 passed, 8 total"""
TSC = """\
src/limit.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.
error: build failed"""


@pytest.mark.parametrize(
    ("report", "telling"),
    [
        (
            PYTEST,
            ["E       assert 500 == 200", "tests/test_login.py:14: AssertionError", "1 failed, 12 passed in 0.31s"],
        ),
        (GO, ["limit_test.go:21: got 6, want 5", "--- FAIL: TestLimit"]),
        (RUST, ["panicked at src/lib.rs:31:9", "  left: 6", " right: 5"]),
        (JEST, ["● limiter › refuses the sixth", "Expected: 429", "limit.test.js:9:17"]),
        (TSC, ["error TS2322"]),
    ],
    ids=["pytest", "go", "rust", "jest", "tsc"],
)
@pytest.mark.parametrize("place", ["first", "between", "last"])
def test_the_failure_is_shown_wherever_it_stands(report: str, telling: list[str], place: str) -> None:
    """Thousands of log lines before or after it do not push it out, as they push it out of the last lines."""
    text = {
        "first": f"{report}\n{NOISE}\n{NOISE}",
        "between": f"{NOISE}\n{report}\n{NOISE}",
        "last": f"{NOISE}\n{NOISE}\n{report}",
    }[place]
    shown = ranked(text, 4_000)
    assert len(shown) < 4_600
    assert [line for line in telling if line not in shown] == []
    assert "lines left out ...]" in shown


def test_a_thousand_equal_complaints_leave_room_for_another() -> None:
    """The line that is said once is not drowned by one that is said again and again."""
    text = "\n".join(
        ["DeprecationError: old thing 1"] * 3000 + ["KeyError: 'token'"] + ["DeprecationError: old thing 2"] * 3000
    )
    assert "KeyError: 'token'" in ranked(text, 2_000)


def test_files_of_the_change_come_first() -> None:
    """Of many equal failures, those that name a file of the change are kept."""
    text = "\n".join(f"src/part{n}.py:3: error: wrong ({chr(97 + n % 26) * (n % 17)})" for n in range(2000))
    assert "src/part1234.py" in ranked(text, 1_500, ["src/part1234.py"])
    assert "src/part1234.py" not in ranked(text, 1_500)


def test_short_output_is_whole() -> None:
    """And without colors."""
    assert ranked("\x1b[31mFAILED\x1b[0m a::b", 100) == "FAILED a::b"


@given(st.text(max_size=3000), st.integers(100, 1000))
def test_any_text_stays_in_bounds(text: str, limit: int) -> None:
    """Whatever is printed, the budget holds but for the notes on what is left out, and order is kept."""
    shown = [line for line in ranked(text, limit).splitlines() if not line.startswith("[... ")]
    assert sum(len(line) + 1 for line in shown) <= limit + 1


def test_a_real_run_of_unittest(tmp_path: Path) -> None:
    """What unittest prints for one bad test among noisy ones."""
    (tmp_path / "test_it.py").write_text(
        "import unittest\n\nclass T(unittest.TestCase):\n"
        "    def test_bad(self):\n        self.assertEqual(1 + 1, 3, 'sums are off')\n"
        "    def test_loud(self):\n        print('chatter ' * 10_000)\n        [print('x', n) for n in range(3000)]\n"
    )
    done = subprocess.run([sys.executable, "-m", "unittest"], cwd=tmp_path, capture_output=True, text=True, check=False)
    shown = ranked(done.stderr + done.stdout, 1_000)
    assert "AssertionError: 2 != 3 : sums are off" in shown
    assert "FAIL: test_bad" in shown


def test_who_is_meant() -> None:
    """Paths and dotted modules count, parts of longer names do not."""
    said = 'File "app/login.py", line 3\nImportError: app.login\nother/app/login.python'
    assert mentions(said, "app/login.py") == 2
    assert mentions(said, "login.py") == 0


def test_a_line_that_is_cut_says_so() -> None:
    """Nobody takes its beginning for the whole."""
    assert ranked("E   " + "x" * 20_000, 16_000).endswith("x [line cut]")
