"""What the model is told of each tool: names and inputs are those of Claude Code."""

from collections.abc import Mapping
from types import MappingProxyType

from bot.core.conversation import ToolSpec
from bot.tools.validate import Field, object_schema

RESULT_CHARS = 30_000
READ_LINES = 2_000
LINE_CHARS = 2_000
MAX_TIMEOUT_MS = 600_000
DEFAULT_TIMEOUT_MS = 120_000
MAX_CONTENT_CHARS = 10_000_000
MAX_COMMAND_CHARS = 100_000
"""Below MAX_ARG_STRLEN, 128 KiB, which the kernel allows one argument."""

_PATH = "Path relative to the root of the repository, as `src/main.py`; `/work/src/main.py` is the same file."
_FOLDER = "Folder to look in, relative to the root of the repository. Default: the root."


def _path(name: str, description: str = _PATH, *, required: bool = True) -> Field:
    return Field(name, "string", description, required, least=1 if required else None, most=4_096)


FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "Read": (
            _path("file_path"),
            Field("offset", "integer", "First line to read; lines count from 1.", least=1),
            Field("limit", "integer", f"How many lines to read, {READ_LINES} if not given.", least=1),
        ),
        "Write": (
            _path("file_path"),
            Field("content", "string", "The whole new content of the file.", True, most=MAX_CONTENT_CHARS),
        ),
        "Edit": (
            _path("file_path"),
            Field("old_string", "string", "Text to replace, exactly as in the file.", True, least=1),
            Field("new_string", "string", "Text to put in its place.", True, most=MAX_CONTENT_CHARS),
            Field("replace_all", "boolean", "Replace every occurrence. Default: false, and there must be just one."),
        ),
        "Glob": (
            Field("pattern", "string", "As `**/*.py` or `src/**/*.{ts,tsx}`.", True, least=1, most=1_000),
            _path("path", _FOLDER, required=False),
        ),
        "Grep": (
            Field("pattern", "string", "Python regular expression, matched line by line.", True, least=1, most=5_000),
            _path("path", "File or folder to search. Default: the whole repository.", required=False),
            Field("glob", "string", "Only files that match, as `*.py` or `src/**/*.ts`.", most=1_000),
            Field(
                "output_mode",
                "string",
                "`files_with_matches` (default) lists files, `content` lines with numbers, `count` matches per file.",
                choices=("content", "files_with_matches", "count"),
            ),
        ),
        "Bash": (
            Field("command", "string", "Command line for bash.", True, least=1, most=MAX_COMMAND_CHARS),
            Field(
                "timeout",
                "integer",
                f"Milliseconds after which it is killed, {DEFAULT_TIMEOUT_MS} if not given.",
                least=1_000,
                most=MAX_TIMEOUT_MS,
            ),
        ),
    }
)
TOOL_NAMES: tuple[str, ...] = tuple(FIELDS)
READING = ("Read", "Glob", "Grep")
"""Those that change nothing."""
_DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "Read": "Read a text file. Lines are numbered from 1, as `cat -n` does it: number, tab, line.",
        "Write": "Write a file, replacing what it held. Missing folders are made. To change a part, use Edit.",
        "Edit": "Replace text in a file. `old_string` must occur exactly once unless `replace_all` is true.",
        "Glob": "List files by name pattern, sorted. Dependencies and caches (node_modules, .venv, ...) are left out "
        "unless the pattern or the path names them.",
        "Grep": "Search the contents of files. Binary files are left out, and folders as in Glob.",
        "Bash": "Run a command in a sandbox without network, with the repository as working directory at /work. Each "
        "call starts afresh: only files under /work stay, and background processes are killed at its end.",
    }
)


def spec(name: str) -> ToolSpec:
    """A tool as the model sees it."""
    return ToolSpec(name, _DESCRIPTIONS[name], object_schema(FIELDS[name]))
