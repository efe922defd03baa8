"""Agents as Markdown: front matter as in Claude Code, the body is the system prompt."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

import yaml

from bot.core.errors import BotError

_NAME = re.compile(r"[a-z][a-z0-9-]{0,49}")
_KEYS = frozenset({"name", "description", "tools", "model"})


class DefinitionError(BotError):
    """A definition file that cannot be used; the message names file and line, the hint what to write."""


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """One agent: `tools` by name, `model` empty for the default one, `version` a hash of the whole file."""

    name: str
    description: str
    tools: tuple[str, ...]
    model: str
    prompt: str
    version: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """All agents a run can use, by name."""

    agents: tuple[AgentDefinition, ...]

    def agent(self, name: str) -> AgentDefinition:
        """The agent of that name. Raises `BotError` that lists the names there are."""
        found = next((a for a in self.agents if a.name == name), None)
        if found is None:
            raise BotError(f"There is no agent `{name}`.", f"There are: {', '.join(a.name for a in self.agents)}.")
        return found


def parse_agent(text: str, path: str) -> AgentDefinition:
    """Read one agent file; `path` is only for messages. Raises `DefinitionError`."""
    match = re.match(r"---\n(.*?)\n---\n(.*)", text.replace("\r\n", "\n"), re.DOTALL)
    if match is None:
        raise DefinitionError(
            f"{path}:1: no front matter.", "Begin the file with `---`, `name: ...`, `description: ...`, `---`."
        )
    fields = _front_matter(match[1], path)
    name, prompt = fields.get("name", ""), match[2].strip()
    if not _NAME.fullmatch(name):
        raise DefinitionError(f"{path}: `name: {name}` is not a name.", "Use lower-case letters, digits and dashes.")
    if not fields.get("description"):
        raise DefinitionError(f"{path}: `description` is missing.", "Say in one line when to use this agent.")
    if not prompt:
        raise DefinitionError(
            f"{path}: there is no prompt below the front matter.", "Write the agent's instructions there."
        )
    tools = tuple(t for t in (part.strip() for part in fields.get("tools", "").split(",")) if t)
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return AgentDefinition(name, fields["description"], tools, fields.get("model", ""), prompt, version)


def catalog(files: Iterable[tuple[str, str]]) -> Catalog:
    """A catalog of (path, text) pairs; a later file replaces an earlier one of the same name."""
    agents = {agent.name: agent for agent in (parse_agent(text, path) for path, text in files)}
    return Catalog(tuple(agents.values()))


def _front_matter(text: str, path: str) -> dict[str, str]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise DefinitionError(
            f"{path}:{line}: the front matter is not YAML.", "Write one `key: value` a line."
        ) from error
    if not isinstance(data, dict):
        raise DefinitionError(f"{path}:2: the front matter has no keys.", "Write `name: ...` and `description: ...`.")
    unknown = sorted(str(key) for key in data if key not in _KEYS)
    if unknown:
        line = next((n for n, row in enumerate(text.split("\n"), 2) if row.startswith(unknown[0])), 2)
        raise DefinitionError(f"{path}:{line}: unknown key `{unknown[0]}`.", f"Known keys: {', '.join(sorted(_KEYS))}.")
    return {key: ", ".join(map(str, v)) if isinstance(v, list) else str(v or "") for key, v in data.items()}
