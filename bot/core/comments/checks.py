"""What is said on a pull request that changes how Devflow is set up."""

from collections.abc import Sequence
from urllib.parse import quote

from bot.core.comments.common import cell
from bot.core.text import inline_code
from bot.core.yaml_models import FileProblem

SHOWN = 40


def definition_comment(problems: Sequence[FileProblem], checked: int, page: str, sha: str) -> str:
    """The one comment about settings, agents and commands; `page` is the repository's, `sha` the pull request's head.

    Without problems it says that what an earlier push had wrong is mended.
    """
    at = f"<sub>Checked at `{sha[:12]}`: {checked} {'file' if checked == 1 else 'files'}. Nothing of it was run.</sub>"
    if not problems:
        return f"### ✅ Mended\nDevflow can use these files now.\n\n{at}"
    lines = [f"- [{inline_code(p.path)} line {p.line}]({_link(p, page, sha)}): {_words(p)}" for p in problems[:SHOWN]]
    more = [f"- ... and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
    lead = "Devflow cannot use these files as they are. After a merge it would leave them out, or refuse commands."
    return "\n".join(["### ⚠️ Wrong settings, agents or commands", lead, "", *lines, *more, "", at])


def _words(problem: FileProblem) -> str:
    return cell(f"{problem.message[:1].upper()}{problem.message[1:]} {problem.hint}".strip())


def _link(problem: FileProblem, page: str, sha: str) -> str:
    """To the line as text, even where GitHub would show Markdown."""
    plain = "?plain=1" if problem.path.endswith(".md") else ""
    return f"{page}/blob/{sha}/{quote(problem.path)}{plain}#L{problem.line}"
