"""The install step of a Python repository's tests: a virtual environment with the package and what its tests need."""

import configparser
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence

Read = Callable[[str], str | None]
"""The text of a file of the repository, None if it is not there."""

PACKAGE = "/tmp/package"  # noqa: S108
"""The package is built from a copy there: nothing appears in the checkout."""
GENERATED = "/env/generated"
_PIP = "/env/venv/bin/pip install -q --disable-pip-version-check"
_TEST_NAMES = ("test", "tests", "testing")
_FILES = tuple(
    re.compile(
        rf"requirements/({kind})\.(txt|in)|({kind})[-_.]requirements\.txt|requirements[-_.]({kind})\.txt|({kind})/requirements\.txt"
    )
    for kind in ("tests?|testing", "dev")
)
_PLUGINS = (("--cov", "pytest-cov"), ("asyncio_mode", "pytest-asyncio"), ("hypothesis", "hypothesis"))
"""What is missing most often where a repository declares nothing: words in its pytest settings, and the plugin."""


def has_dependencies(files: Sequence[str], read: Read) -> bool:
    """Whether the package needs others to run, as far as its files say."""
    project = _table(_toml(read("pyproject.toml") or ""), "project")
    declared = bool(project.get("dependencies")) or "dependencies" in str(project.get("dynamic", ""))
    old = "setup.py" in files and any("install_requires" in (read(name) or "") for name in ("setup.cfg", "setup.py"))
    return declared or old or "requirements.txt" in files


def install_line(files: Sequence[str], read: Read, runner: str = "pytest") -> str:
    """A shell line. The runner and the package must install; what else the repository declares for its tests is tried
    all together, then one by one, so that one thing that cannot be had does not take the rest with it."""
    declared = _Declared(files, read)
    must = [*filter(None, [runner]), *(["-r requirements.txt"] if "requirements.txt" in files else [])]
    instead = [*must, *map(shlex.quote, declared.dependencies())]
    if declared.is_package:
        extras = ",".join(declared.extras())
        must.append(f"'{PACKAGE}[{extras}]'" if extras else PACKAGE)
    wanted = [one for one in dict.fromkeys(declared.wanted()) if one not in must]
    lines = ["python3 -m venv /env/venv", f"cp -r /work {PACKAGE}", f"cd {PACKAGE}"]
    if "PKG-INFO" not in files:
        # The checkout has no history that a version could be read from.
        lines.append("export SETUPTOOLS_SCM_PRETEND_VERSION=0.0.1 PBR_VERSION=0.0.1")
    lines.append(_pip(must, instead if declared.is_static else must, wanted))
    made = generated(files, read)
    if made:
        lines.append(
            f"mkdir -p {GENERATED} && {{ cp --parents {' '.join(map(shlex.quote, made))} {GENERATED}; true; }}"
        )
    return " && ".join(lines)


def generated(files: Sequence[str], read: Read) -> list[str]:
    """Files that building the package makes in its source and that git does not hold: its version, as a module."""
    tool = _table(_toml(read("pyproject.toml") or ""), "tool")
    places = [
        _table(tool, "setuptools_scm"),
        _table(tool, "hatch", "build", "hooks", "vcs"),
        _table(tool, "pdm", "version"),
    ]
    named = [place.get(key) for place in places for key in ("version_file", "version-file", "write_to")]
    paths = [name for name in named if isinstance(name, str) and re.fullmatch(r"(?!.*\.\.)\w[\w./-]*\.py", name)]
    return [path for path in dict.fromkeys(paths) if path not in files]


def _pip(must: Sequence[str], instead: Sequence[str], wanted: Sequence[str]) -> str:
    """`instead` is tried where `must` cannot be built: a folder of modules that is no package, for one."""
    needed = f"{_PIP} {' '.join(must)}"
    if instead and instead != must:
        needed = f"{{ {needed} || {_PIP} {' '.join(instead)}; }}"
    if not wanted:
        return needed
    singly = "; ".join(f"{_PIP} {one}" for one in wanted)
    return f"{{ {_PIP} {' '.join([*must, *wanted])} || {{ {needed} && {{ {singly}; true; }}; }}; }}"


class _Declared:
    """What a repository says that its tests need. Names for tests go before those for development."""

    def __init__(self, files: Sequence[str], read: Read) -> None:
        self._files = files
        self._read = read
        self._pyproject = _toml(read("pyproject.toml") or "")

    @property
    def is_package(self) -> bool:
        """Whether pip could build it."""
        return "setup.py" in self._files or bool({"project", "build-system"} & self._pyproject.keys())

    @property
    def is_static(self) -> bool:
        """Whether its dependencies can be read without building it."""
        project = _table(self._pyproject, "project")
        return bool(project) and "dependencies" not in str(project.get("dynamic", ""))

    def dependencies(self) -> list[str]:
        """What the package and its extras for tests depend on, as far as it is written down."""
        project, optional = (
            _table(self._pyproject, "project"),
            _table(self._pyproject, "project", "optional-dependencies"),
        )
        lists = [project.get("dependencies"), *(optional.get(name) for name in _names(optional))]
        return [r for entries in lists if isinstance(entries, list) for entry in entries for r in _requirement(entry)]

    def extras(self) -> list[str]:
        """The names of the package's own extras that are for tests."""
        found = _names(_table(self._pyproject, "project", "optional-dependencies"))
        return found or _names(_section(self._read("setup.cfg") or "", "options.extras_require"))

    def wanted(self) -> Iterator[str]:
        """Arguments of pip, quoted."""
        groups = _table(self._pyproject, "dependency-groups")
        found = [r for name in _names(groups) for r in _group(groups, name, ())]
        found += [text for text in _tool_lists(self._pyproject) if text not in found]
        for requirement in found:
            yield shlex.quote(requirement)
        listed = self._listed()
        yield from (f"-r {shlex.quote(name)}" for name in listed)
        if not (found or listed or self.extras()):
            yield from map(shlex.quote, self._from_tox() or self._guessed())

    def _listed(self) -> list[str]:
        """Requirements files for tests, or else for development; not the source of one that is compiled."""
        kinds = ([name for name in self._files if pattern.fullmatch(name)] for pattern in _FILES)
        found: list[str] = next(filter(None, kinds), [])
        return [name for name in found if name.removesuffix(".in") + ".txt" not in found or not name.endswith(".in")]

    def _from_tox(self) -> list[str]:
        """`deps` of `[testenv]`, without those for some environments only and without tox's own substitutions."""
        lines = _section(self._read("tox.ini") or "", "testenv").get("deps", "").splitlines()
        return [line.strip() for line in lines if re.match(r"\s*[A-Za-z][\w.\[\],-]*\s*([<>=!~].*)?$", line)]

    def _guessed(self) -> list[str]:
        names = ("pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini")
        settings = "\n".join(self._read(name) or "" for name in names if name in self._files)
        return [plugin for word, plugin in _PLUGINS if word in settings]


def _names(found: Mapping[str, object]) -> list[str]:
    """The keys that are for tests, or else `dev`."""
    tests = [name for name in found if name.lower() in _TEST_NAMES]
    return tests or [name for name in found if name.lower() == "dev"]


def _group(groups: Mapping[str, object], name: str, above: tuple[str, ...]) -> Iterator[str]:
    """The requirements of a dependency group and those it includes (https://peps.python.org/pep-0735/)."""
    entries = groups.get(name)
    for entry in entries if isinstance(entries, list) and name not in above else ():
        match entry:
            case str():
                yield from _requirement(entry)
            case {"include-group": str(other)}:
                yield from _group(groups, other, (*above, name))


def _tool_lists(pyproject: Mapping[str, object]) -> Iterator[str]:
    """Where uv, Hatch and Poetry keep them. Poetry's versions have a grammar of their own: only names are taken."""
    uv = _table(pyproject, "tool", "uv").get("dev-dependencies")
    environments = _table(pyproject, "tool", "hatch", "envs")
    lists = [uv, *(_table(environments, e).get("dependencies") for e in ("default", "test", "hatch-test"))]
    for entries in lists:
        for entry in entries if isinstance(entries, list) else ():
            yield from _requirement(entry)
    groups = _table(pyproject, "tool", "poetry", "group")
    for name in _names(groups):
        for package in _table(groups, name, "dependencies"):
            yield from _requirement(package)


def _requirement(entry: object) -> Iterator[str]:
    """The entry, if it is a requirement and no option of pip."""
    if isinstance(entry, str) and re.match(r"[A-Za-z0-9]", entry):
        yield entry


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _table(root: Mapping[str, object], *path: str) -> Mapping[str, object]:
    """A table inside a table, empty if it is not there."""
    found: object = root
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _section(text: str, name: str) -> Mapping[str, str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return dict(parser[name]) if parser.has_section(name) else {}
