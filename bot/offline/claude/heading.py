"""What a conversation is about: the tag at the beginning of its first message."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TAG = re.compile(r"""\s*<phase((?:\s+[\w-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>""")
_ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


@dataclass(frozen=True, slots=True)
class Heading:
    """Phase and agent of a conversation, and what else its tag says."""

    phase: str
    agent: str = ""
    run: str = ""
    task: str | None = None
    attempt: int | None = None
    call: str | None = None
    """What another agent called this one for."""

    def __str__(self) -> str:
        extras = [("agent", self.agent or None), ("call", self.call), ("task", self.task), ("attempt", self.attempt)]
        return ", ".join([f"phase {self.phase}", *(f"{k} {v}" for k, v in extras if v is not None)])


def heading_of(messages: list[Mapping[str, Any]]) -> Heading | None:
    """The heading by `<phase name="design" agent="architect" run="..." task="T1" attempt="2">`; None without one.

    Attributes may come in any order and be missing, all but `name`.
    """
    content = messages[0].get("content") if messages else None
    if isinstance(content, list):
        texts = [block["text"] for block in content if isinstance(block, dict) and isinstance(block.get("text"), str)]
        content = texts[0] if texts else None
    tag = _TAG.match(content) if isinstance(content, str) else None
    if tag is None:
        return None
    given = {name: html.unescape(double or single) for name, double, single in _ATTRIBUTE.findall(tag[1])}
    if not given.get("name"):
        return None
    attempt = given.get("attempt", "")
    return Heading(
        phase=given["name"],
        agent=given.get("agent", ""),
        run=given.get("run", ""),
        task=given.get("task") or None,
        call=given.get("call") or None,
        attempt=int(attempt) if attempt.isascii() and attempt.isdigit() else None,
    )


def turn_of(messages: list[Mapping[str, Any]]) -> int:
    """Which reply is asked for, from 0: as many as the model has given in this conversation."""
    return sum(1 for message in messages if message.get("role") == "assistant")
