"""What an App needs is one list: the documentation, the code that handles events and the adapter all agree with it."""

import ast
import re
from pathlib import Path

import pytest

from bot.core.app_wanted import EVENTS, OPTIONAL_PERMISSIONS, PERMISSIONS, title
from bot.core.events import EventError, event_from_payload

ROOT = Path(__file__).parent.parent.parent
LEVELS = ("read", "write")


def asked_for() -> dict[str, str]:
    """The permissions that the adapter's requests name, each at the highest level of any request."""
    found: dict[str, str] = {}
    for path in (ROOT / "bot" / "adapters" / "github").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if named := re.fullmatch(r"([A-Z][a-z]+(?: [a-z]+)*): (read|write)", text):
                name, level = named.groups()
                found[name] = max(found.get(name, "read"), level, key=LEVELS.index)
    return found


def test_every_request_of_the_adapter_is_covered_and_nothing_more_is_wanted() -> None:
    """An App that grants less fails at work; one that grants more is a needless risk."""
    asked = asked_for()
    assert asked.pop("Metadata") == "read", "GitHub gives it to every App"
    assert asked.pop("Administration") == "read", "only the doctor asks, and does without it"
    assert asked == {title(name): level for name, level in PERMISSIONS.items() if name not in OPTIONAL_PERMISSIONS}
    assert {"members"} == OPTIONAL_PERMISSIONS


def test_the_events_are_those_that_are_handled() -> None:
    """An empty payload is an error in an event that is read, and nothing in any other."""
    for name in EVENTS:
        with pytest.raises(EventError):
            event_from_payload(name, {})
    others = {"push", "installation", "pull_request_review_thread", "workflow_run", "discussion"}
    assert [event_from_payload(name, {}) for name in others] == [None] * 5
    assert not others & set(EVENTS)


def test_the_documentation_names_the_same() -> None:
    """Whoever makes the App by hand gets the same App."""
    text = " ".join((ROOT / "docs" / "setup.md").read_text("utf-8").split())
    permissions, events = text.partition("with the permissions")[2].partition(", its webhook")[0].split("subscribed to")
    listed = {"read and write": set[str](), "read": set[str]()}
    for names, level in re.findall(r"([^()]*)\((read and write|read)\)", permissions):
        listed[level] |= set(re.findall(r"\*([^*]+)\*", names))
    assert listed["read and write"] == {title(name) for name, level in PERMISSIONS.items() if level == "write"}
    assert listed["read"] == {title(name) for name, level in PERMISSIONS.items() if level == "read"}
    assert set(re.findall(r"\*([^*]+)\*", events)) == {title(name) for name in EVENTS}
