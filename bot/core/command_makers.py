"""A command's words become what is asked for, or an error at the word that is wrong."""

import re

from bot.core import command_kinds as kinds
from bot.core import command_values as values
from bot.core.command_words import AFTER_NAME, Words, WrongWordError, suggestion
from bot.core.planning import STAGES
from bot.core.text import inline_code

_RUN = re.compile(r"\d{6}-\d{6}-[0-9a-z]{1,13}(?:-\d{1,3})?")
_HASH = re.compile(r"[0-9a-f]{4,64}")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")
_MEMORY_HINTS = {
    "search": "Say what to look for, as in `/memory search login`.",
    "add": "Write it behind, as in `/memory add the tests need Redis`.",
    "forget": "Name one by its id, as in `/memory forget m3f9c21ab0`; `/memory` shows the ids.",
    "approve": "Name one by its id, as in `/memory approve m3f9c21ab0`; `/memory` shows the ids.",
}
_PHASE = re.compile(r"[a-z][a-z0-9-]{0,39}")


def dev_workflow(words: Words) -> kinds.DevWorkflow:
    mode = values.mode(words)
    return kinds.DevWorkflow(
        words.text,
        _details(words),
        mode,
        _budget(words),
        _base(words),
        words.line.line_number,
        values.agents(words),
        values.skipped(words, mode),
        values.automation(words),
        "--dry-run" in words.flags,
        values.model(words),
    )


def planning(words: Words) -> kinds.Planning:
    first, _, rest = words.text.partition(" ")
    stage = next((stage for stage in STAGES if stage == first.lower().strip(AFTER_NAME)), None)
    return kinds.Planning(
        stage or "implementation",
        rest.strip() if stage else words.text,
        _details(words),
        _budget(words),
        _base(words),
    )


def grooming(words: Words) -> kinds.Grooming:
    return kinds.Grooming(words.text, _details(words), _budget(words), "--sub-issues" in words.flags)


def review(words: Words) -> kinds.Review:
    return kinds.Review(words.text, _details(words), _budget(words))


def revise(words: Words) -> kinds.Revise:
    return kinds.Revise(words.text, _details(words), _budget(words))


def approve(words: Words) -> kinds.Approve:
    word = _only_word(words)
    if word is None:
        return kinds.Approve()
    found = word.strip(AFTER_NAME).lower()
    if not _HASH.fullmatch(found):
        hint = "Copy it from the comment that asks for approval, or leave it out to approve what waits now."
        raise WrongWordError(words.starts, f"{inline_code(word)} is no hash of something to approve.", hint)
    return kinds.Approve(found)


def reject(words: Words) -> kinds.Reject:
    return kinds.Reject(_required(words, "Say why, as in `/reject the design leaves out logged-out users`."))


def answer(words: Words) -> kinds.Answer:
    return kinds.Answer(_required(words, "Write the answer behind it, as in `/answer use Redis`."))


def retry(words: Words) -> kinds.Retry:
    word = _only_word(words)
    if word is None:
        return kinds.Retry()
    phase = word.strip(AFTER_NAME).lower()
    if not _PHASE.fullmatch(phase):
        hint = "Name a phase as the status comment has it, as in `/retry design`."
        raise WrongWordError(words.starts, f"{inline_code(word)} is not the name of a phase.", hint)
    return kinds.Retry("delivery" if phase == "pull-request" else phase)


def resume(words: Words) -> kinds.Resume:
    _nothing_more(words, "resume")
    return kinds.Resume()


def budget(words: Words) -> kinds.Budget:
    word = _only_word(words)
    if word is None:
        raise WrongWordError(_end(words), "`/budget` needs an amount.", "Write how much more, as in `/budget +2`.")
    return kinds.Budget(values.budget(word.removeprefix("+"), words.starts, "`/budget +2`"))


def status(words: Words) -> kinds.Status:
    return kinds.Status(_run(words))


def cancel(words: Words) -> kinds.Cancel:
    return kinds.Cancel(_run(words))


def agents(words: Words) -> kinds.Agents:
    _nothing_more(words, "agents")
    return kinds.Agents("--why" in words.flags)


def memory(words: Words) -> kinds.Memory:
    first, _, rest = words.text.partition(" ")
    shared = "--org" in words.flags
    if not first:
        return kinds.Memory(organisation=shared)
    action = next((one for one in kinds.MEMORY_ACTIONS if one == first.lower().strip(AFTER_NAME)), None)
    if action is None:
        hint = suggestion(first.lower(), kinds.MEMORY_ACTIONS)
        raise WrongWordError(words.starts, f"{inline_code(first)} is nothing that `/memory` can do.", hint)
    text = "\n".join(filter(None, [rest.strip(), _details(words) if action == "add" else ""]))
    if shared and action in {"forget", "approve"}:
        at = words.flags["--org"][1]
        raise WrongWordError(at, f"`--org` does not go with `/memory {action}`.", "Leave it out: the id is enough.")
    if action == "list" and text:
        raise WrongWordError(words.starts, "`/memory list` takes no more words.", "To look for some: `/memory search`.")
    if action != "list" and not text:
        raise WrongWordError(_end(words), f"`/memory {action}` needs more words.", _MEMORY_HINTS[action])
    if action in {"forget", "approve"}:
        text = text.split()[0].strip(AFTER_NAME).lower()
    return kinds.Memory(action, text, shared)


def delegate(words: Words) -> kinds.Delegate:
    login, _, rest = words.text.partition(" ")
    name = login.strip(AFTER_NAME).removeprefix("@")
    if not _LOGIN.fullmatch(name):
        hint = "Name one, as in `/delegate @ada` or `/delegate @ada retry`."
        problem = f"{inline_code(login)} is nobody on GitHub." if login else "`/delegate` needs a person."
        raise WrongWordError(words.starts, problem, hint)
    parts = rest.split()
    if len(parts) > 1:
        at = words.line.text.find(parts[1], words.starts + len(login))
        raise WrongWordError(at, "One command is enough here.", "Leave it out to mean every command.")
    command = parts[0].strip(AFTER_NAME).removeprefix("/").lower() if parts else None
    return kinds.Delegate(name, command)


def pause(words: Words) -> kinds.Pause:
    return kinds.Pause("\n".join(filter(None, [words.text, _details(words)])))


def unpause(words: Words) -> kinds.Unpause:
    _nothing_more(words, "unpause")
    return kinds.Unpause()


def help_(words: Words) -> kinds.Help:
    word = _only_word(words)
    return kinds.Help(word.strip(AFTER_NAME).removeprefix("/").lower() if word else None)


def ping(words: Words) -> kinds.Ping:
    _nothing_more(words, "ping")
    return kinds.Ping()


def check_name(words: Words, name: str, names: list[str]) -> None:
    """Raises `WrongWordError` where a word that names a command names none of these."""
    if name not in names:
        at = words.line.text.lower().rfind(name)
        hint = suggestion(f"/{name}", [f"/{one}" for one in names])
        hint = hint if hint.startswith("Did") else "`/help` alone shows all there are."
        written = inline_code(words.line.text[at : at + len(name)] if at >= 0 else name)
        raise WrongWordError(max(at, 0), f"There is no command {written}.", hint)


def _details(words: Words) -> str:
    """The lines below the command."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", words.line.rest).rstrip()


def _required(words: Words, hint: str) -> str:
    text = "\n".join(filter(None, [words.text, _details(words)]))
    if not text:
        raise WrongWordError(_end(words), "The words are missing.", hint)
    return text


def _end(words: Words) -> int:
    return len(words.line.text.rstrip())


def _budget(words: Words) -> float | None:
    given = words.flags.get("--budget")
    return values.budget(*given) if given else None


def _base(words: Words) -> str | None:
    given = words.flags.get("--base")
    return values.branch(*given) if given else None


def _run(words: Words) -> str | None:
    word = _only_word(words)
    if word is None:
        return None
    run = word.strip(AFTER_NAME).lower()
    if not _RUN.fullmatch(run):
        hint = "Leave it out to mean the run of this issue; the name of a run looks like `260131-120000-abc123`."
        raise WrongWordError(words.starts, f"{inline_code(word)} is not the name of a run.", hint)
    return run


def _nothing_more(words: Words, name: str) -> None:
    if words.text:
        raise WrongWordError(words.starts, f"`/{name}` takes no more words.", "Give it alone on its line.")


def _only_word(words: Words) -> str | None:
    parts = words.text.split(maxsplit=1)
    if len(parts) > 1:
        position = words.line.text.find(parts[1].split()[0], words.starts + len(parts[0]))
        raise WrongWordError(position, "One word is enough here.", "Leave out the rest of the line.")
    return parts[0] if parts else None
