"""`Recall`: the whole of a piece of context that an agent was given shortened, and of nothing else."""

from collections.abc import Mapping

from bot.core.context import Piece
from bot.core.conversation import ToolResult, ToolSpec, ToolUse
from bot.tools.errors import ToolError
from bot.tools.toolspecs import RESULT_CHARS
from bot.tools.validate import Field, check, object_schema

RECALL = "Recall"
PAGE = RESULT_CHARS - 2_000
FIELDS = (
    Field("source", "string", "The name after `shortened=`, or one that is listed as left out.", True, most=200),
    Field("page", "integer", "Which page of a long piece; the first if not given.", least=1),
)
SPEC = ToolSpec(
    RECALL,
    "Read the whole of a piece of your first message that is marked `shortened`.",
    object_schema(FIELDS),
)
"""Offered though there may be nothing to recall: the tools begin the prompt, and the cache of one agent of a run serves
the next only if they are the same."""


def recall(sources: Mapping[str, str], use: ToolUse) -> ToolResult:
    """A page of the piece as text to work on; a name that the agent was not given is answered with those it has."""
    try:
        given = check(RECALL, FIELDS, use.input)
        return ToolResult(use.id, _page(sources, given.text("source"), given.number("page", 1)))
    except ToolError as error:
        return ToolResult(use.id, str(error), is_error=True)


def _page(sources: Mapping[str, str], source: str, page: int) -> str:
    if source not in sources:
        names = f"There are: {', '.join(sources)}." if sources else "Your first message has all of them whole."
        raise ToolError(f"You were given no shortened piece {source!r}. {names}")
    text = sources[source]
    pages = max(1, -(-len(text) // PAGE))
    if page > pages:
        raise ToolError(f"{source!r} has {pages} pages.")
    label = (("source", source), *((("page", f"{page} of {pages}"),) if pages > 1 else ()))
    return Piece("result", text[(page - 1) * PAGE : page * PAGE], label).render(PAGE)
