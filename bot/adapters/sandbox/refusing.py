"""The sandbox of a machine that has none: it says why, and runs nothing."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.ports import ExecResult, SandboxError, SandboxLimits


class NoSandbox:
    """Refuses every command; `reason` is one line for people, with what to install or set."""

    name = "unavailable"

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def available(self) -> str | None:
        return self._reason

    async def run(
        self,
        argv: Sequence[str],
        *,
        checkout: Path,
        limits: SandboxLimits,
        network: bool = False,
        env: Mapping[str, str] | None = None,
        extra: Path | None = None,
        extra_writable: bool = False,
    ) -> ExecResult:
        """Always raises `SandboxError`."""
        raise SandboxError(self._reason)
