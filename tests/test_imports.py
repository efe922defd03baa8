"""Imports point one way, as the layout promises."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = {
    "bot.core": {"bot.core"},
    "bot.calls": set[str](),
    "bot.ports": {
        "bot.core",
        "bot.calls",
        "bot.ports_github",
        "bot.ports_history",
        "bot.ports_memories",
        "bot.ports_people",
        "bot.ports_pulses",
        "bot.ports_routing",
    },
    "bot.ports_doctor": {"bot.core"},
    "bot.ports_github": {"bot.core"},
    "bot.ports_history": {"bot.core"},
    "bot.ports_memories": {"bot.core"},
    "bot.ports_people": {"bot.core"},
    "bot.ports_pulses": {"bot.core"},
    "bot.ports_routing": {"bot.core"},
    "bot.ports_state": {"bot.core"},
    "bot.ports_deliveries": {"bot.core"},
    "bot.jobs": {"bot.core", "bot.ports"},
    "bot.asking": {"bot.core", "bot.ports", "bot.calls", "bot.jobs"},
    "bot.hearing": {"bot.core", "bot.ports", "bot.jobs", "bot.tools"},
    "bot.gates": {"bot.core", "bot.ports", "bot.outbox", "bot.status"},
    "bot.delegation": {"bot.core", "bot.ports", "bot.jobs", "bot.remembering", "bot.tools"},
    "bot.settings": {"bot.core", "bot.stored_app"},
    "bot.stored_app": {"bot.core"},
    "bot.completion": {"bot.core", "bot.definitions"},
    "bot.doctor": {"bot.core", "bot.ports", "bot.ports_doctor", "bot.definitions", "bot.settings"},
    "bot.clock": set[str](),
    "bot.logs": set[str](),
    "bot.outbox": {"bot.core", "bot.ports"},
    "bot.outbox_pulls": {"bot.core", "bot.ports", "bot.outbox"},
    "bot.testing": {"bot.core", "bot.pip", "bot.ports", "bot.tools"},
    "bot.pip": {"bot.core"},
    "bot.kept": {"bot.core", "bot.ports"},
    "bot.definitions": {"bot.core"},
    "bot.tools": {"bot.core", "bot.ports"},
    "bot.runner": {"bot.core", "bot.ports", "bot.tools", "bot.jobs", "bot.asking", "bot.delegation", "bot.hearing"},
    "bot.status": {"bot.core", "bot.ports", "bot.outbox", "bot.runner"},
    "bot.phases": {
        "bot.core",
        "bot.ports",
        "bot.outbox",
        "bot.outbox_pulls",
        "bot.phases",
        "bot.delegation",
        "bot.hearing",
        "bot.jobs",
        "bot.kept",
        "bot.remembering",
        "bot.routing",
        "bot.runner",
        "bot.status",
        "bot.testing",
        "bot.tools",
    },
    "bot.heart": {"bot.core", "bot.ports", "bot.status"},
    "bot.estimating": {"bot.core", "bot.ports"},
    "bot.remembering": {"bot.core", "bot.ports"},
    "bot.routing": {"bot.core", "bot.ports"},
    "bot.run": {
        "bot.estimating",
        "bot.heart",
        "bot.remembering",
        "bot.routing",
        "bot.core",
        "bot.ports",
        "bot.outbox",
        "bot.runner",
        "bot.status",
        "bot.phases",
        "bot.gates",
        "bot.kept",
        "bot.testing",
    },
    "bot.starting": {"bot.core", "bot.ports"},
    "bot.carried": {"bot.core", "bot.ports", "bot.ports_state"},
    "bot.salvage": {"bot.core", "bot.ports", "bot.kept", "bot.outbox", "bot.phases"},
    "bot.repository_config": {"bot.core", "bot.ports"},
    "bot.going_on": {"bot.core", "bot.ports", "bot.starting"},
    "bot.answers": {
        "bot.core",
        "bot.going_on",
        "bot.remembering",
        "bot.routing",
        "bot.salvage",
        "bot.gates",
        "bot.ports",
        "bot.repository_config",
        "bot.outbox",
        "bot.outbox_pulls",
        "bot.starting",
        "bot.status",
        "bot.run",
        "bot.phases",
    },
    "bot.engine": {"bot.core", "bot.ports", "bot.answers", "bot.starting", "bot.run"},
    "bot.adapters": {
        "bot.adapters",
        "bot.core",
        "bot.ports",
        "bot.ports_doctor",
        "bot.ports_deliveries",
        "bot.ports_memories",
        "bot.ports_state",
    },
}
"""A module or package of ours, and what of ours it may import. What is not named here is a door, or `bootstrap`."""
OUTSIDE_CORE = {"os", "time", "socket", "subprocess", "asyncio", "httpx", "sqlmodel", "githubkit", "anthropic", "dbos"}


def layer_of(module: str, layers: list[str]) -> str | None:
    return next((name for name in layers if module == name or module.startswith(name + ".")), None)


def modules() -> list[tuple[str, Path]]:
    files = sorted((ROOT / "bot").rglob("*.py")) + sorted((ROOT / "webhooks").rglob("*.py"))
    return [
        (str(path.relative_to(ROOT).with_suffix("")).replace("/", ".").removesuffix(".__init__"), path)
        for path in files
    ]


def imports(path: Path) -> set[str]:
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(("module", "path"), [pytest.param(m, p, id=m) for m, p in modules()])
def test_a_module_imports_only_what_its_layer_may(module: str, path: Path) -> None:
    """A layer knows the layers below it and nothing else of ours."""
    layer = layer_of(module, list(LAYERS))
    ours = {name for name in imports(path) if name.startswith(("bot.", "webhooks."))}
    if layer is None:
        return
    allowed = LAYERS[layer] | {layer}
    wrong = {name for name in ours if layer_of(name, sorted(allowed)) is None}
    assert not wrong, f"{module} may import {sorted(allowed)}"


@pytest.mark.parametrize(
    ("module", "path"), [pytest.param(m, p, id=m) for m, p in modules() if m.startswith("bot.core")]
)
def test_the_core_is_pure(module: str, path: Path) -> None:
    """Nothing under `bot.core` can reach the network, the disk, the clock or the environment."""
    assert not {name.partition(".")[0] for name in imports(path)} & OUTSIDE_CORE


def test_only_bootstrap_knows_the_adapters() -> None:
    """One place wires the parts; everybody else asks for a port."""
    knowing = {m for m, p in modules() if any(name.startswith("bot.adapters") for name in imports(p))}
    makers = {"bot.bootstrap", "bot.bootstrap_doctor", "bot.bootstrap_local"}
    assert {m for m in knowing if not m.startswith("bot.adapters")} == makers
