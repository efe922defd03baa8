"""A comment without a command on an issue whose run is at work: its agents read it at their next turn."""

from bot.answers.desk import Desk
from bot.core.events import CommentPosted
from bot.core.people import Note
from bot.core.policy import may_write
from bot.starting import Ask


async def note(desk: Desk, event: CommentPosted) -> str:
    """Only what people with write access say is handed on; the reaction shows that it was."""
    run = await desk.active(event.repo, event.issue.number)
    if run is None or not event.text.strip():
        return "no command"
    if not may_write(await desk.ports.github.permission(event.repo, event.author)):
        return "no command"
    await desk.ports.store.add_note(Note(run.id, event.comment_id, event.author, event.text, desk.ports.clock.now()))
    await desk.react(Ask(event.repo, event.issue, event.author, event.at, "", event.comment_id), "eyes")
    return f"a note for run {run.id}"
