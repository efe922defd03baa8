"""What stands in a review of somebody's pull request."""

from collections.abc import Sequence
from textwrap import indent

from bot.core.comments.common import cell, sentence, whole
from bot.core.text import clean_untrusted, fence, inline_code, redact_secrets

VERDICTS = {"approve": "nothing against it", "request_changes": "asks for changes"}
REMARK_CHARS = 12_000
SUMMARY_CHARS = 12_000
REST_CHARS = 24_000


def remark_text(who: str, body: str, suggestion: str) -> str:
    """One remark on a line, with a suggestion that people can take over with one touch."""
    return "\n\n".join(filter(None, [whole(body, REMARK_CHARS), _suggestion(suggestion), f"<sub>{cell(who)}</sub>"]))


def _suggestion(text: str) -> str:
    """A block that nothing in the text can end."""
    cleaned = redact_secrets(clean_untrusted(text).text)
    return fence(cleaned, "suggestion") if text.strip() else ""


def opinion_line(who: str, verdict: str, summary: str) -> str:
    """What one reviewer thinks of the whole."""
    return f"**{cell(who)}**: {VERDICTS[verdict]}. {whole(summary, SUMMARY_CHARS)}"


def lost_line(who: str, reason: str) -> str:
    """A reviewer who could not do it."""
    return f"**{cell(who)}** did not get to the end. {sentence(reason)}"


def rest_text(place: str, who: str, body: str, suggestion: str) -> str:
    """A remark that stands on no line of the diff, as an item of a list; its suggestion is only shown."""
    code = fence(redact_secrets(clean_untrusted(suggestion).text)) if suggestion.strip() else ""
    text = "\n\n".join(filter(None, [f"{inline_code(place)} ({cell(who)}): {whole(body, REMARK_CHARS)}", code]))
    return f"- {indent(text, '  ').lstrip()}"


def review_body(lines: Sequence[str], rest: Sequence[str], commit: str, requester: str, run: str) -> str:
    """The words of a review: what each reviewer thinks, then what is about no changed line."""
    parts = ["### 🔎 Review", *lines]
    if rest:
        listed = whole("\n".join(rest), REST_CHARS)
        parts.append(f"<details><summary>More remarks: {len(rest)}</summary>\n\n{listed}\n\n</details>")
    parts.append(f"<sub>of `{commit[:12]}` · asked by @{requester} · run `{run}`</sub>")
    return "\n\n".join(parts)
