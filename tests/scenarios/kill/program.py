"""`devflow serve` in processes that can die at any line: everything is imported once, and each start is a fork of that.

The socket whose number is the argument brings sockets, and each of them one JSON object for each start,
`{"environment", "folder", "dies_at"}`, with the descriptor that becomes the server's stderr. Back go two lines: the
process id, and when the process has ended, its exit code (minus the signal that killed it). The server says
`passed SECONDS LINE` before it passes a line.
"""

import asyncio
import functools
import gc
import importlib
import json
import os
import re
import select
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import bot.adapters.claude
import bot.adapters.github
import bot.bootstrap
import bot.cli
import bot.logs
import webhooks.app
from bot.adapters import durable, sandbox, store, workspace
from bot.core.effects import Effect
from bot.core.repository import Delivery
from bot.core.runs import PhaseResult, Turn
from bot.tools import ToolBox

__all__ = ["bot", "webhooks"]
Label = Callable[..., str]
Watched = Callable[..., Awaitable[Any]]


class Lines:
    """What a process passes: calls by their names, how often each was made, and the side of it."""

    def __init__(self, dies_at: str) -> None:
        self._dies_at = dies_at
        self._counts = Counter[str]()

    def watched(self, work: Watched, label: Label) -> Watched:
        """The same work, with a line before and a line after it."""

        @functools.wraps(work)
        async def watch(*given: Any, **options: Any) -> Any:
            name = label(*given)
            self._counts[name] += 1
            name = f"{name} #{self._counts[name]}"
            self._pass(f"{name} before")
            result = await work(*given, **options)
            self._pass(f"{name} after")
            return result

        return watch

    def _pass(self, line: str) -> None:
        os.write(2, f"passed {time.monotonic():.6f} {line}\n".encode())
        if line == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _turn(_: object, turn: Turn, *__: object) -> str:
    return f"{turn.unit} {turn.index}{'' if turn.results is None else ' with results'}"


def _effect(_: object, effect: Effect, *__: object) -> str:
    return re.sub(r"\d{4,}", "N", effect.key)


def _phase(_: object, result: PhaseResult) -> str:
    return f"{result.name} {result.state}"


def _event(_: object, deliveries: list[Delivery], *__: object) -> str:
    return deliveries[0].event


def _state(_: object, __: object, state: str, *___: object) -> str:
    return state


def _plain(*_: object) -> str:
    return ""


WATCHED: Mapping[type, Mapping[str, Label]] = {
    store.SqlStore: {
        "accept": _event,
        "processed": _plain,
        "add_run": _plain,
        "set_run_state": _state,
        "set_pull": _plain,
        "save_phase": _phase,
        "reserve_turn": _turn,
        "finish_turn": _turn,
        "add_effect": _effect,
        "effect_done": _effect,
        "keep_choice": lambda _, __, unit, *___: str(unit),
        "note_results": _plain,
    },
    workspace.GitWorkspaces: dict.fromkeys(("open", "tree", "restore", "write", "drop"), _plain),
    durable.DbosDurable: dict.fromkeys(("start", "launch", "cancel"), _plain),
    sandbox.BubblewrapSandbox: {"run": _plain},
    sandbox.UnsafeSandbox: {"run": _plain},
    ToolBox: {"call": lambda _, use: str(use.name)},
}
"""Every write of the records, every change of the files, every tool and command; and how a call is told from others."""


def watch_everything(lines: Lines) -> None:
    """Put the lines into the classes of this process."""
    for kind, labels in WATCHED.items():
        for method, label in labels.items():
            place = "Sandbox" if method == "run" else kind.__name__
            named = functools.partial(_named, f"{place}.{method}", label)
            setattr(kind, method, lines.watched(getattr(kind, method), named))
    spawn: Watched = asyncio.create_subprocess_exec
    asyncio.create_subprocess_exec = lines.watched(spawn, _spawned)  # type: ignore[assignment]


def _named(place: str, label: Label, *given: Any) -> str:
    return f"{place} {label(*given)}".strip()


def _spawned(*argv: str) -> str:
    """`spawn git read-tree`, `spawn rm`."""
    name = Path(argv[0]).name
    words = [word for word in argv[1:] if word.replace("-", "").isalpha() and word[0] != "-"]
    return f"spawn {name} {words[0]}" if name == "git" and words else f"spawn {name}"


def serve(order: Mapping[str, Any], stderr: int) -> None:
    """Become the server. Never returns."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for taken, given in ((0, nothing), (1, nothing), (2, stderr)):
        os.dup2(given, taken)
    os.closerange(3, 256)
    code = 1
    try:
        os.chdir(order["folder"])
        os.environ.update(order["environment"])
        watch_everything(Lines(order["dies_at"]))
        sys.argv = ["devflow", "serve"]
        bot.cli.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        os._exit(code)


def warm_up() -> None:
    """Import what a server imports when it needs it first: half of what a start costs."""
    rest = [
        f"githubkit_schemas.v2026_03_10.rest.{part}"
        for part in ("apps", "git", "issues", "pulls", "reactions", "repos")
    ]
    claude = ["anthropic.resources.messages", "anthropic.lib.streaming", "httpx2"]
    server = ["aiosqlite", "dbos._sys_db_sqlite", "uvicorn.loops.asyncio", "uvicorn.protocols.http.h11_impl"]
    both = ["anyio._backends._asyncio", "httpcore", "pydantic.v1", "truststore", "uvicorn.lifespan.on"]
    for name in (*rest, *claude, *server, *both):
        importlib.import_module(name)


def work(orders: socket.socket) -> None:
    """Start one server after the other, until nobody wants another."""
    while True:
        text, passed, _, _ = socket.recv_fds(orders, 100_000, 1)
        if not text:
            return
        child = os.fork()
        if child == 0:
            serve(json.loads(text), passed[0])
        os.close(passed[0])
        orders.sendall(f"{child}\n".encode())
        if (code := exit_code(child, orders)) is None:
            return
        orders.sendall(f"{code}\n".encode())


def exit_code(child: int, orders: socket.socket) -> int | None:
    """How the server ended; None if whoever gave the orders is gone, then the server is killed."""
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if select.select([orders], [], [], 0.02)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
    return os.waitstatus_to_exitcode(ended[1])


def main() -> None:
    """Make workers: each takes its orders from a socket that comes in over ours."""
    wanted = socket.socket(fileno=int(sys.argv[1]))
    warm_up()
    gc.freeze()
    workers = []
    while (received := socket.recv_fds(wanted, 1, 1))[0]:
        orders = socket.socket(fileno=received[1][0])
        workers.append(os.fork())
        if workers[-1] == 0:
            wanted.close()
            work(orders)
            os._exit(0)
        orders.close()
    for worker in workers:
        os.waitpid(worker, 0)
    os._exit(0)


if __name__ == "__main__":
    main()
