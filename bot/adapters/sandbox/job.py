"""One command for a sandbox, and what it may have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.ports import SandboxError, SandboxLimits


@dataclass(frozen=True, slots=True)
class Job:
    """The arguments of `bot.ports.Sandbox.run`."""

    argv: Sequence[str]
    checkout: Path
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    network: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    extra: Path | None = None
    extra_writable: bool = False

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where on the host's disk the command can write."""
        return (self.checkout, self.extra) if self.extra and self.extra_writable else (self.checkout,)

    def check(self) -> None:
        """Raises `SandboxError` for a folder that is not there."""
        missing = [folder for folder in (self.checkout, self.extra) if folder and not folder.is_dir()]
        if missing:
            raise SandboxError(f"The folder {missing[0].name!r} that the command needs is not there.")
