"""Agents as Markdown: front matter as in Claude Code, the body is the system prompt."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from bot.core.errors import BotError
from bot.core.frontmatter import AGENT_NAME, DefinitionError, Entry, split_head
from bot.core.repository import FoundFile
from bot.core.text import inline_code

AGENTS_FOLDER = ".claude/agents"
"""Where a repository keeps its own agents, one Markdown file each."""
MAX_FILES = 50
MAX_BYTES = 64_000
TOOLS = ("Read", "Write", "Edit", "Glob", "Grep", "Bash", "Task", "Recall")
"""All that an agent can be given; a repository's own agent gets no other."""
WRITING = frozenset({"Write", "Edit"})
ALIASES: Mapping[str, str] = {
    "haiku": "claude-haiku-5-5",
    "sonnet": "claude-sonnet-5-5",
    "opus": "claude-opus-5-5",
    "fable": "claude-fable-5-1",
}
"""What Claude Code's short names of models stand for."""
_KEYS = ("name", "description", "tools", "model", "disallowedTools")
_OTHERS = frozenset(
    {"background", "color", "effort", "hooks", "initialPrompt", "isolation", "maxTurns", "mcpServers", "memory"}
    | {"permissionMode", "skills"}
)
"""Claude Code's other keys; they mean nothing here, and are taken without a word."""
_OURS = "devflow"
"""Stands for the program itself where an agent is named."""


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """One agent: `tools` by name, `model` empty for the default one, `version` a hash of the whole file."""

    name: str
    description: str
    tools: tuple[str, ...]
    model: str
    prompt: str
    version: str
    path: str = ""
    """The repository's file it comes from, empty for one that is built in."""
    notes: tuple[str, ...] = ()
    """What of the file is not used and why, one sentence each."""

    @property
    def writes(self) -> bool:
        """Whether it can change files."""
        return bool(WRITING & set(self.tools))


@dataclass(frozen=True, slots=True)
class Catalog:
    """All agents a run can use, by name."""

    agents: tuple[AgentDefinition, ...]

    def agent(self, name: str) -> AgentDefinition:
        """The agent of that name. Raises `BotError` that lists the names there are."""
        found = next((a for a in self.agents if a.name == name), None)
        if found is None:
            raise BotError(f"There is no agent `{name}`.", f"There are: {', '.join(self.names)}.")
        return found

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(agent.name for agent in self.agents)


def parse_agent(text: str, path: str) -> AgentDefinition:
    """Read one agent file; `path` is only for messages. Raises `DefinitionError`."""
    fields, prompt = split_head(text, path)
    _check_keys(fields, path)
    name, notes = _name(fields, path), list[str]()
    if "description" not in fields or not fields["description"].text:
        line = fields["description"].line if "description" in fields else 2
        raise DefinitionError(f"{path}:{line}: `description` is missing.", "Say in one line when to use this agent.")
    if not prompt:
        line = max((entry.line for entry in fields.values()), default=1) + 2
        raise DefinitionError(
            f"{path}:{line}: there is no prompt below the front matter.", "Write the agent's instructions there."
        )
    tools = _tools(fields, path, notes)
    version = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    description = " ".join(fields["description"].text.replace("\\n", " ").split())
    return AgentDefinition(name, description, tools, _model(fields, path), prompt, version, notes=tuple(notes))


def catalog(files: Iterable[tuple[str, str]]) -> Catalog:
    """A catalog of (path, text) pairs; a later file replaces an earlier one of the same name."""
    agents = {agent.name: agent for agent in (parse_agent(text, path) for path, text in files)}
    return Catalog(tuple(agents.values()))


def with_files(builtin: Catalog, files: Sequence[FoundFile], left_out: int = 0) -> tuple[Catalog, tuple[str, ...]]:
    """(the built-in agents with the repository's own added or in their place, notes for people).

    A file that cannot be used is noted, and what it would replace stays. `left_out` files were not looked at.
    """
    own: dict[str, AgentDefinition] = {}
    notes: list[str] = []
    for file in files:
        try:
            agent = _own_agent(file)
        except DefinitionError as error:
            notes.append(_note(error, builtin.names, file.path))
            continue
        notes += agent.notes
        if own.setdefault(agent.name, agent) is not agent:
            notes.append(f"{file.path}: `{agent.name}` is already in {own[agent.name].path}, which is used.")
    if left_out:
        notes.append(f"{AGENTS_FOLDER}: {left_out} more files were not read; the limit is {MAX_FILES}.")
    kept = tuple(own.pop(agent.name, agent) for agent in builtin.agents)
    return Catalog((*kept, *own.values())), tuple(notes)


def model_id(model: str, default: str) -> str:
    """The id of a model by its short name in an agent's file; the default for none, and for `inherit`.

    Clouds put words before their ids (`us.anthropic.claude-...`): those of the default stand before the others, too.
    """
    if model in {"", "inherit"}:
        return default
    prefix = default[: max(default.find("claude-"), 0)]
    return prefix + ALIASES[model] if model in ALIASES else model


def is_model(name: str) -> bool:
    """Whether it is a short name of ours, or looks like the id of a Claude model."""
    return name in ALIASES or re.fullmatch(r"[\w.:/@-]{0,60}claude-[\w.:@-]{1,60}", name) is not None


def _note(error: DefinitionError, builtin: Sequence[str], path: str) -> str:
    name = path.rpartition("/")[2].removesuffix(".md")
    instead = f" The built-in `{name}` is used instead." if name in builtin else " The file is not used."
    return f"{error.message} {error.hint}{instead}"


def _own_agent(file: FoundFile) -> AgentDefinition:
    if file.content is None:
        raise DefinitionError(f"{file.path}: {file.problem}.", "Put a Markdown file there.")
    try:
        text = file.content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = file.content[: error.start].count(b"\n") + 1
        raise DefinitionError(f"{file.path}:{line}: the file is not UTF-8.", "Save it as UTF-8.") from error
    found = parse_agent(text, file.path)
    if found.name == _OURS:
        raise DefinitionError(f"{file.path}: the name `{_OURS}` is taken by the program.", "Give it another name.")
    return AgentDefinition(
        found.name, found.description, found.tools, found.model, found.prompt, found.version, file.path, found.notes
    )


def _check_keys(fields: Mapping[str, Entry], path: str) -> None:
    for key, entry in fields.items():
        if key in _KEYS or key in _OTHERS:
            continue
        near = get_close_matches(key, [*_KEYS, *_OTHERS], 1)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(_KEYS)}."
        raise DefinitionError(f"{path}:{entry.line}: unknown key {inline_code(key[:60])}.", hint)


def _name(fields: Mapping[str, Entry], path: str) -> str:
    entry = fields.get("name", Entry("", 2))
    if not AGENT_NAME.fullmatch(entry.text):
        problem = f"{inline_code(entry.text[:60])} is not a name" if entry.text else "`name` is missing"
        raise DefinitionError(
            f"{path}:{entry.line}: {problem}.", "Write `name: ` and lower-case letters, digits and dashes, at most 50."
        )
    return entry.text


def _tools(fields: Mapping[str, Entry], path: str, notes: list[str]) -> tuple[str, ...]:
    """Those it names and we have; all of ours where the key is not there, as in Claude Code."""
    refused = _listed(fields, "disallowedTools")
    if "tools" not in fields:
        return tuple(tool for tool in TOOLS if tool not in refused)
    given = _listed(fields, "tools")
    if not given:
        notes.append(f"{path}:{fields['tools'].line}: `tools` names none. Leave the line out to give all tools.")
    unknown = [tool for tool in given if tool not in TOOLS]
    if unknown:
        names = ", ".join(inline_code(tool[:60]) for tool in unknown[:8])
        notes.append(
            f"{path}:{fields['tools'].line}: there is no tool {names} here. The agent works without. "
            f"Write some of: {', '.join(TOOLS)}."
        )
    return tuple(dict.fromkeys(tool for tool in given if tool in TOOLS and tool not in refused))


def _listed(fields: Mapping[str, Entry], key: str) -> list[str]:
    """Names between commas; Claude Code's `Agent` is our `Task`."""
    text = fields[key].text if key in fields else ""
    parts = re.sub(r"\([^()]*\)", "(...)", text).split(",")
    return ["Task" if name == "Agent" else name for part in parts if (name := part.strip())]


def _model(fields: Mapping[str, Entry], path: str) -> str:
    entry = fields.get("model", Entry("", 2))
    if entry.text in {"", "inherit"} or is_model(entry.text):
        return entry.text
    raise DefinitionError(
        f"{path}:{entry.line}: {inline_code(entry.text[:60])} is no model.",
        f"Write {', '.join(ALIASES)}, inherit, or the whole id of a Claude model.",
    )
