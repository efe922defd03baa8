"""What people say to an agent at work: comments on its issue, and answers to its questions."""

from collections.abc import Sequence

from bot.core.context import Piece
from bot.core.conversation import ToolResult, ToolSpec, ToolUse
from bot.core.people import Note
from bot.jobs import Job, QuestionError
from bot.ports import Ports
from bot.tools.errors import ToolError
from bot.tools.validate import Field, check, object_schema

ASK = "Ask"
MOST_QUESTIONS = 5
"""In one run."""
COMMENT_CHARS = 24_000
"""Of one comment that an agent is shown while it works; the rest is cut from its middle, visibly."""
LEAD = (
    "Somebody with write access to the repository commented while you were at work. It is meant for you: go by it as "
    "far as it concerns your job, which stays the same."
)
ALONE = "Nobody answers questions in this run. Decide yourself, and say what you assumed."
FIELDS = (
    Field(
        "question",
        "string",
        "What you have to know, with what you would do without an answer. People read it without your conversation.",
        True,
        least=10,
        most=4_000,
    ),
)
SPEC = ToolSpec(
    ASK,
    "Ask the people of this repository. The work stops until somebody answers, which can take days: ask only what "
    "changes the result and what neither the issue nor the files tell.",
    object_schema(FIELDS),
)


def note_piece(note: Note) -> Piece:
    """A comment as agents see it."""
    return Piece("comments", note.text, (("from", note.author), ("permission", "write")))


async def unheard(job: Job, heard: Sequence[int], ports: Ports) -> list[Note]:
    """Comments that the job's agent has not seen yet; agents that others called hear of them from their caller."""
    if job.team is None or job.team.callers:
        return []
    known = job.noted.union(heard)
    return [note for note in await ports.store.notes(job.run.id) if note.comment not in known]


async def answer_to(job: Job, use: ToolUse, ports: Ports) -> ToolResult:
    """The answer to a question, if people gave one. Raises `QuestionError` while they have not."""
    if not job.asks:
        return ToolResult(use.id, ALONE, True)
    try:
        text = check(ASK, FIELDS, use.input).text("question")
    except ToolError as error:
        return ToolResult(use.id, str(error), True)
    unit = f"{job.unit}#{use.id}"
    asked = [gate for gate in await ports.store.gates(job.run.id) if gate.kind == "question"]
    for gate in asked:
        if gate.unit == unit and gate.state == "answered":
            said = Piece("comments", gate.words, (("from", gate.by), ("permission", "write")))
            return ToolResult(use.id, said.render(COMMENT_CHARS))
    if len(asked) >= MOST_QUESTIONS:
        return ToolResult(use.id, "This run has asked enough. Decide yourself, and say what you assumed.", True)
    raise QuestionError(unit, text)
