"""Checks of this machine: settings, import names, git, disk, sandbox."""

import asyncio
import importlib.util
import re
import shutil
import stat
from importlib.metadata import Distribution, distributions
from pathlib import Path

from bot.core.errors import BotError
from bot.core.findings import Verdicts, ok, warning, wrong
from bot.doctor.case import Case
from bot.doctor.examine import Check
from bot.doctor.variables import ENV_FILE, Given

DISTRIBUTION = "devflow-bot"
NAMES = ("bot", "webhooks")
OLDEST_GIT = (2, 38)
"""`git merge-tree --write-tree` came with it."""
LITTLE_BYTES, TOO_LITTLE_BYTES = 2 << 30, 200 << 20
"""Checkouts of several runs at once; and what the databases need to go on."""
_REMEDY = re.compile(r": (?=(?:run|start|use|install|set|take|name) )")
_INSTALL = f"Install it alone, with `uv tool install {DISTRIBUTION}` or `pipx install {DISTRIBUTION}`."


async def settings(case: Case) -> Verdicts:
    given = case.given
    found = [verdict for problem in given.problems for verdict in wrong(*problem)]
    found += [verdict for problem in given.unknown for verdict in warning(*problem)]
    found += _open_to_others(Path(ENV_FILE), "It holds keys")
    key = case.settings.private_key.get_secret_value()
    if key and "-----BEGIN" not in key:
        found += _open_to_others(Path(key), "It is the App's private key")
    return found or ok(f"all can be used, {_places(given)}")


def _places(given: Given) -> str:
    return f"read from {' and '.join(given.places)}" if given.places else "none is set"


def _open_to_others(file: Path, what: str) -> Verdicts:
    try:
        status = file.stat()
    except (OSError, ValueError):
        return []
    mode = stat.S_IMODE(status.st_mode)
    if not mode & 0o077 or not stat.S_ISREG(status.st_mode):
        return []
    return warning(f"{file} can be read by other users of this machine ({mode:o}). {what}", f"chmod 600 {file}")


async def names(case: Case) -> Verdicts:
    return await asyncio.to_thread(_names)


def _names() -> Verdicts:
    others = sorted({one.name for one in distributions() if _has_our_names(one)} - {DISTRIBUTION})
    if others:
        return wrong(f"`bot` or `webhooks` also belongs to {', '.join(others)} in this environment", _INSTALL)
    home = Path(__file__).parents[2]
    spec = importlib.util.find_spec("webhooks")
    if spec is None or spec.origin is None:
        return wrong("Devflow's package `webhooks` is not there", _INSTALL)
    if Path(spec.origin).parents[1] != home:
        return wrong(
            f"`webhooks` comes from {spec.origin}, and not from {home} as `bot` does",
            f"Run `devflow` itself, or `python -I -m bot`, in another folder. {_INSTALL}",
        )
    return ok(f"`bot` and `webhooks` are Devflow's, in {home}")


def _has_our_names(distribution: Distribution) -> bool:
    """`importlib.metadata.packages_distributions` takes 2.4 s for 150 packages, this 0.1 s."""
    record = distribution.read_text("RECORD") or distribution.read_text("top_level.txt") or ""
    return re.search(rf"(?m)^(?:{'|'.join(NAMES)})(?:/|\.py|$)", record) is not None


async def git(case: Case) -> Verdicts:
    program = shutil.which("git")
    if program is None:
        return wrong("git is not installed", "Install it from your system's packages: `apt-get install git`.")
    process = await asyncio.create_subprocess_exec(
        program, "--version", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    found = re.search(r"(\d+)\.(\d+)", said.decode(errors="replace"))
    if found is None:
        return wrong(f"{program} does not tell its version", "Install git anew.")
    version, oldest = found[0], ".".join(map(str, OLDEST_GIT))
    if (int(found[1]), int(found[2])) < OLDEST_GIT:
        return wrong(
            f"git {version} is too old: tasks built side by side are merged with what came in {oldest}",
            f"Install git {oldest} or newer; Debian 12 and Ubuntu 24.04 have one.",
        )
    return ok(f"git {version}, {program}")


async def disk(case: Case) -> Verdicts:
    folder = case.settings.state_dir.absolute()
    place = next(one for one in (folder, *folder.parents) if one.exists())
    free = (await asyncio.to_thread(shutil.disk_usage, place)).free
    told = f"{free / (1 << 30):.1f} GiB free for {folder}"
    fix = "Make room there, or set DEVFLOW_STATE_DIR to a folder on a larger disk."
    if free < TOO_LITTLE_BYTES:
        return wrong(f"{told}: the databases may not be writable for long", fix)
    return warning(f"{told}: little for the checkouts of several runs", fix) if free < LITTLE_BYTES else ok(told)


async def sandbox(case: Case) -> Verdicts:
    try:
        chosen = await asyncio.to_thread(case.parts.sandbox)
        reason = await asyncio.to_thread(chosen.available)
    except BotError as error:
        return wrong(error.message, error.hint)
    if reason:
        cause, remedy = (*_REMEDY.split(reason, 1), "")[:2]
        fix = f"{remedy[:1].upper()}{remedy[1:]}" if remedy else "Set DEVFLOW_SANDBOX=container, or install bubblewrap."
        return wrong(f"{cause}, so no test can be run and nothing proves a change", fix)
    if case.settings.sandbox == "none" and not case.in_a_job:
        return warning(
            "DEVFLOW_SANDBOX=none: agents' commands and the repository's tests run as this user, with its files",
            "Install bubblewrap and set DEVFLOW_SANDBOX=auto, unless this machine is thrown away afterwards.",
        )
    return ok(f"{chosen.name} works")


CHECKS = (
    Check("settings", settings),
    Check("import names", names),
    Check("git", git),
    Check("disk", disk),
    Check("sandbox", sandbox, seconds=45.0),
)
