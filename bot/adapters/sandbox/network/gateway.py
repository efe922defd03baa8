"""The folder that gives a sandbox its way out: the proxy's socket, and the program that leads to it."""

import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bot.adapters.sandbox.network import relay
from bot.adapters.sandbox.network.connect import Outer
from bot.adapters.sandbox.network.egress import Egress, Rule, egress_for
from bot.adapters.sandbox.network.proxy import proxy
from bot.ports import SandboxError

MOUNT = "/devflow"
"""Where the folder is inside."""
PORT = 28128
_URL = f"http://127.0.0.1:{PORT}"
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A proxy that runs; `folder` is to be mounted read-only at `/devflow`."""

    folder: Path
    egress: Egress

    def command(self, python: str, argv: Sequence[str]) -> list[str]:
        """`argv`, started by the program that opens the way."""
        return [python, "-I", "-S", f"{MOUNT}/relay.py", f"{MOUNT}/proxy.sock", str(PORT), *argv]

    def variables(self, env: Mapping[str, str]) -> dict[str, str]:
        """`env`, with our proxy in the place of every other."""
        ours = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _URL)
        named = {host for host, _ in self.egress.indexes} | {rule.host for rule in self.egress.rules}
        ours["NO_PROXY"] = ",".join(host for host in _LOCAL if host not in named)
        kept = {name: value for name, value in env.items() if not name.lower().endswith("_proxy")}
        return kept | ours | {name.lower(): value for name, value in ours.items()}


@dataclass(frozen=True, slots=True)
class Network:
    """What the commands of a sandbox may reach: `rules`, of a setting; without any, public hosts for those commands
    that ask for a network. `environment` names this machine's own proxies, if it has any."""

    rules: tuple[Rule, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @asynccontextmanager
    async def gateway(self, env: Mapping[str, str], *, asked: bool) -> AsyncIterator["Gateway | None"]:
        """A way out while a command runs, None if it may have none. Raises `SandboxError` if it cannot be made."""
        egress = egress_for(self.rules, env, network=asked)
        if egress is None:
            yield None
            return
        async with _open(egress, Outer.from_environment({**self.environment, **env})) as way:
            yield way


@asynccontextmanager
async def _open(egress: Egress, proxies: Outer) -> AsyncIterator["Gateway"]:
    with tempfile.TemporaryDirectory(prefix="devflow-", ignore_cleanup_errors=True) as outer:
        folder = _folder(Path(outer))
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(proxy(folder / "proxy.sock", egress, proxies))
            except OSError as error:
                raise SandboxError(f"The way to the network could not be opened: {error}") from error
            yield Gateway(folder, egress)


def _folder(private: Path) -> Path:
    """A folder that everybody may read who gets to it, in one that keeps other users of this machine out."""
    folder = private / "gate"
    folder.mkdir(mode=0o755)
    program = folder / "relay.py"
    program.write_bytes(Path(relay.__file__).read_bytes())
    program.chmod(0o444)
    return folder
