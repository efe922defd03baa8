"""What a repository is made of, read from its file names and a few manifests."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Read = Callable[[str], str | None]
"""The text of a file of the repository, None if it is not there or cannot be read."""

_LANGUAGES = {
    "py": "Python", "js": "JavaScript", "jsx": "JavaScript", "mjs": "JavaScript", "cjs": "JavaScript",
    "ts": "TypeScript", "tsx": "TypeScript", "go": "Go", "rs": "Rust", "java": "Java", "kt": "Kotlin", "rb": "Ruby",
    "php": "PHP", "cs": "C#", "swift": "Swift", "c": "C", "cc": "C++", "cpp": "C++", "hpp": "C++", "scala": "Scala",
    "ex": "Elixir", "exs": "Elixir", "dart": "Dart", "lua": "Lua", "r": "R", "jl": "Julia", "hs": "Haskell",
    "sh": "Shell", "sql": "SQL", "html": "HTML", "css": "CSS", "scss": "CSS", "vue": "Vue", "svelte": "Svelte",
}  # fmt: skip
_FRAMEWORKS = {
    "django": "Django", "flask": "Flask", "fastapi": "FastAPI", "starlette": "Starlette", "sqlalchemy": "SQLAlchemy",
    "sqlmodel": "SQLModel", "alembic": "Alembic", "celery": "Celery", "pytest": "pytest", "react": "React",
    "next": "Next.js", "vue": "Vue", "svelte": "Svelte", "@angular/core": "Angular", "express": "Express",
    "nestjs": "NestJS", "@prisma/client": "Prisma", "jest": "Jest", "vitest": "Vitest", "playwright": "Playwright",
    "rails": "Rails", "rspec": "RSpec", "laravel/framework": "Laravel", "spring-boot": "Spring Boot", "gin": "Gin",
    "junit": "JUnit", "actix-web": "Actix", "axum": "Axum", "tokio": "Tokio",
}  # fmt: skip
_DEPENDENCY = re.compile(r"[@a-z0-9][a-z0-9_.@/-]{0,80}")
MANIFESTS = (
    "pyproject.toml", "requirements.txt", "setup.cfg", "setup.py", "package.json", "go.mod", "Cargo.toml", "Gemfile",
    "composer.json", "pom.xml", "build.gradle", "build.gradle.kts",
)  # fmt: skip
_TESTS = re.compile(r"(^|/)(tests?|specs?|__tests__)/|(^|/)test_[^/]*$|[._-](test|spec)\.[a-z]+$")
_DATA = re.compile(r"(^|/)(migrations?|alembic|prisma)/|(^|/)(schema|models?)(/|\.)|\.(sql|prisma)$")
_PAGES = re.compile(r"\.(html|css|scss|jsx|tsx|vue|svelte)$|(^|/)templates/")
_BUILD = re.compile(
    r"(^|/)((docker-)?compose\.ya?ml|Jenkinsfile|Procfile)$|(^|/)(Dockerfile|Containerfile)[^/]*$|\.tf$"
    r"|(^|/)(helm|k8s|deploy)/|^\.github/workflows/"
)
_DOCS = re.compile(
    r"(^|/)docs?/|\.(md|rst|adoc)$|(^|/)(README|CHANGELOG|CONTRIBUTING|HISTORY|NEWS)[^/]*$", re.IGNORECASE
)
_PROSE = re.compile(r"\.(md|mdx|rst|adoc|txt)$|(^|/)(README|CHANGELOG|CONTRIBUTING|HISTORY|NEWS)$", re.IGNORECASE)
_NOT_PROSE = re.compile(
    r"(^|/)((requirements|constraints)[^/]*|CMakeLists|robots)\.txt$|^\.claude/|^\.github/", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """`languages` by number of files, most first; the flags say whether such files are there."""

    languages: tuple[str, ...]
    frameworks: tuple[str, ...]
    files: int
    tests: bool
    pages: bool
    data: bool
    build: bool
    docs: bool

    def sentence(self) -> str:
        """One line for a prompt or a comment."""
        flags = {
            "tests": self.tests,
            "pages": self.pages,
            "data": self.data,
            "build files": self.build,
            "documentation": self.docs,
        }
        made_of = ", ".join((*self.languages[:4], *self.frameworks[:6])) or "no language we know"
        has = ", ".join(name for name, there in flags.items() if there)
        return f"{self.files} {'file' if self.files == 1 else 'files'}: {made_of}. There are {has or 'no tests'}."


def facts_of(files: Sequence[str], read: Read) -> Facts:
    """Look at the names of all files and at the manifests on the top level."""
    counted = Counter(name for path in files if (name := _LANGUAGES.get(path.rpartition(".")[2].lower())))
    manifests = "\n".join(read(name) or "" for name in MANIFESTS if name in files).lower()
    named = {word for found in _DEPENDENCY.findall(manifests) for word in (found, *re.split(r"[/@]", found))}

    def there(pattern: re.Pattern[str]) -> bool:
        return any(pattern.search(path) for path in files)

    return Facts(
        tuple(name for name, _ in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))),
        tuple(label for word, label in _FRAMEWORKS.items() if word in named),
        len(files),
        there(_TESTS),
        there(_PAGES),
        there(_DATA),
        there(_BUILD),
        there(_DOCS),
    )


def is_documentation(path: str) -> bool:
    """Whether people read this file, and no program does."""
    return bool(_PROSE.search(path)) and not _NOT_PROSE.search(path)
