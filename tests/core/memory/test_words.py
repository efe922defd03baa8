"""Words of prose and code become the terms by which memories are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.memory.words import LONGEST, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The parser fails", ["parser", "fail"]),
        ("parseHTTPBody", ["parsehttpbody", "parse", "http", "body"]),
        ("allow_migrate", ["allow_migrate", "allow", "migrate"]),
        ("__init__", ["init"]),
        ("django/db/models.py", ["django", "db", "model", "py"]),
        ("queries, classes and status", ["query", "classe", "status"]),
        ("sha256", ["sha256", "sha", "256"]),
        ("Größe STRASSE", ["grösse", "strasse"]),
        ("it is what it was", []),
        ("x" * (LONGEST + 1), []),
        ("", []),
    ],
)
def test_terms_of_prose_and_code(text: str, expected: list[str]) -> None:
    """Identifiers give their parts and themselves, plurals are as singulars, words without meaning are left out."""
    assert terms(text) == expected


@given(st.text())
def test_any_text_has_terms_of_bounded_length(text: str) -> None:
    """Whatever is written, a term is neither empty nor long."""
    assert all(1 <= len(term) <= 2 * LONGEST for term in terms(text))
