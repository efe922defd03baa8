"""`.github/devflow.yml`, read: everything that is wrong with it, each thing with its line and column."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.core.config import CONFIG_PATH, Config
from bot.core.errors import BotError
from bot.core.yaml_models import FileProblem, Page, shown, suggestion
from bot.core.yaml_reading import YamlError, compose

MAX_BYTES = 64_000
MAX_DEPTH = 8
MAX_PARTS = 4_000
_WORDS = {
    "commands": "the name of a command",
    "labels": "a label of the bot, such as `devflow:dev-workflow`",
    "teams": "the slug of a team",
    "users": "a login",
    "pin": "a kind of task, a phase that can be pinned, or the name of an agent",
    "risk_paths": "a pattern of paths in the repository",
}


class ConfigError(BotError):
    """The file cannot be used; the message says where and why, `problems` has everything."""

    def __init__(self, problems: Sequence[FileProblem]) -> None:
        first, more = problems[0], len(problems) - 1
        others = f" And {more} more: `devflow config --check` lists all." if more else ""
        super().__init__(f"{first.place}: {first.message}", f"{first.hint}{others}")
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Known:
    """Names that rules can be for; None where they are not known, and nothing is said of them."""

    commands: Collection[str] | None = None
    labels: Collection[str] | None = None


def parse_config(content: bytes | str) -> Config:
    """Read the file. Raises `ConfigError`."""
    config, problems = read_config(content)
    if config is None:
        raise ConfigError(problems)
    return config


def read_config(
    content: bytes | str, path: str = CONFIG_PATH, known: Known | None = None
) -> tuple[Config | None, tuple[FileProblem, ...]]:
    """(the settings, None if they cannot be used; everything that is wrong, in the order of the file).

    A rule for a name that nobody knows is told, but the settings can be used.
    """
    text, problem = _text(content, path)
    if problem:
        return None, (problem,)
    try:
        root = compose(text, "the file", most_depth=MAX_DEPTH, most_parts=MAX_PARTS, tags=False)
    except YamlError as error:
        return None, (FileProblem(path, error.line, error.column, f"{error.problem}.", error.hint),)
    page = Page(path, words=_WORDS)
    data = page.plain(root) if root else None
    config = page.read(Config, {} if data is None else data)
    usable = not page.problems
    _check_names(page, known or Known())
    page.problems.sort(key=lambda problem: (problem.line, problem.column))
    return (config if usable else None), tuple(page.problems)


def _text(content: bytes | str, path: str) -> tuple[str, FileProblem | None]:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(data) > MAX_BYTES:
        return "", FileProblem(path, 1, 1, f"the file has {len(data)} bytes.", f"Write at most {MAX_BYTES}.")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return "", FileProblem(path, line, 1, "the file is not UTF-8.", "Save it as UTF-8.")


def _check_names(page: Page, known: Known) -> None:
    for at, node in page.keys.items():
        if len(at) == 3 and at[0] == "permissions":
            kind, name = str(at[1]), str(at[2])
            names = {"commands": known.commands, "labels": known.labels}.get(kind)
            if names is not None and name not in names:
                page.wrong(node, f"there is no {kind[:-1]} {shown(name)}.", suggestion(name, sorted(names)))
