"""Facts about a repository come from its file names and manifests alone."""

import pytest

from bot.core.facts import facts_of, is_documentation


def test_facts_are_read_from_names_and_manifests() -> None:
    """Languages by count, frameworks from manifests, flags from paths."""
    files = {
        "pyproject.toml": 'dependencies = ["fastapi>=1", "sqlalchemy[asyncio]"]',
        "app/main.py": "",
        "app/models.py": "",
        "app/templates/a.html": "",
        "tests/test_a.py": "",
        "web/index.ts": "",
        "Dockerfile": "",
        "README.md": "react is not a dependency",
    }
    facts = facts_of(sorted(files), files.get)
    assert facts.languages == ("Python", "HTML", "TypeScript")
    assert facts.frameworks == ("FastAPI", "SQLAlchemy")
    assert (facts.tests, facts.pages, facts.data, facts.build, facts.docs) == (True, True, True, True, True)
    assert facts.sentence() == (
        "8 files: Python, HTML, TypeScript, FastAPI, SQLAlchemy. "
        "There are tests, pages, data, build files, documentation."
    )


@pytest.mark.parametrize(
    ("manifest", "text", "frameworks"),
    [
        ("package.json", '{"dependencies": {"react": "^19", "@angular/core": "1"}}', ("React", "Angular")),
        ("package.json", '{"dependencies": {"react-native-thing": "1", "preact": "1"}}', ()),
        ("go.mod", "require github.com/gin-gonic/gin v1.9.1", ("Gin",)),
        ("requirements.txt", "Django==5.0\nflask-cors\n", ("Django",)),
        ("Cargo.toml", 'axum = "0.8"\ntokio = { version = "1" }', ("Axum", "Tokio")),
    ],
)
def test_a_framework_is_a_dependency_of_that_very_name(manifest: str, text: str, frameworks: tuple[str, ...]) -> None:
    """What merely contains its name is something else."""
    assert facts_of([manifest], lambda _: text).frameworks == frameworks


def test_an_empty_repository_has_no_facts() -> None:
    """Nothing is claimed of nothing."""
    assert facts_of([], lambda _: None).sentence() == "0 files: no language we know. There are no tests."


def test_a_manifest_that_cannot_be_read_says_nothing() -> None:
    """It may be a link, or too large."""
    assert facts_of(["package.json"], lambda _: None).frameworks == ()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("README.md", True),
        ("README", True),
        ("docs/guide.rst", True),
        ("docs/conf.py", False),
        ("CHANGELOG.md", True),
        ("widget.py", False),
        ("requirements.txt", False),
        ("requirements-dev.txt", False),
        ("notes.txt", True),
        ("CMakeLists.txt", False),
        (".claude/agents/developer.md", False),
        (".github/PULL_REQUEST_TEMPLATE.md", False),
    ],
)
def test_what_counts_as_documentation(path: str, answer: bool) -> None:
    """Files that people read and no program does: an agent's prompt is a program."""
    assert is_documentation(path) is answer
