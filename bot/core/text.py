"""Text on its way in and out: hidden characters and secrets taken out, words quoted safely, long bodies cut."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.core.markdown import Context, contexts, newlines

_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_HIDDEN: tuple[tuple[str, str], ...] = (
    ("control characters", "[\x00-\x08\x0b-\x1f\x7f-\x9f\ufff9-\ufffb]"),
    ("broken characters", "[\ud800-\udfff]"),
    ("text direction controls", "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"),
    ("tag characters", "[\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"),
    (
        "variation selectors",
        f"(?<![{_EMOJI}])(?<![0-9#*](?=\ufe0f\u20e3))\ufe0f|[\ufe00-\ufe0e\u180b-\u180d\u180f\U000e0100-\U000e01ef]",
    ),
    ("soft hyphens", "\u00ad"),
    (
        "zero-width characters",
        "[\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff0-\ufff8"
        "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a]",
    ),
)
"""Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), controls, and halves of characters.
U+FE0F stays once after an emoji, and in keycaps."""
_LINK_COMMENT = re.compile(
    r"(?m)^ {0,3}\[[^\]\n]{1,99}\]:[ \t]*(?:#|<#?>)[ \t]+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\))[ \t]*$"
)

_SECRETS: tuple[tuple[str, str], ...] = (
    (
        "private key",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:(?!-----BEGIN )[\s\S])*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"|(?:(?:\s|\\n)*[A-Za-z0-9+/=]{16,})*)",
    ),
    (
        "GitHub token",
        r"github_pat_[A-Za-z0-9_]{20,}"
        r"|gh[pousr]_(?:[A-Za-z0-9]{20}|\d{1,12}_[A-Za-z0-9_-]{16})[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]{4,})*",
    ),
    ("Anthropic key", r"sk-ant-[A-Za-z0-9_-]{8,}"),
    ("API key", r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9]{40,}|AIza[\w-]{35}|glpat-[\w-]{20,}"),
    ("AWS key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"),
    ("AWS key", r"(?i)(?<=secret_access_key)([\"']?\s{0,3}[:=]\s{0,3}[\"']?)[a-z0-9/+]{40,}"),
    ("Slack token", r"(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}|(?<=hooks\.slack\.com/services/)[\w/-]{16,}"),
    ("token", r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    ("token", r"(?i)(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:bearer|basic|token)\s{1,3})[a-z0-9._~+/=-]{8,}"),
    ("password", r"(?<=://)([^\s/@:]*:)[^\s/]+(?=@)"),
)
"""(what, pattern); a group is the part that is kept."""

_MENTION = re.compile(
    r"(?<![A-Za-z0-9])(?:@|&#0*64;|&#[xX]0*40;|&commat;)"
    r"(?:(?P<name>[A-Za-z0-9][A-Za-z0-9-]{0,99}(?:_[A-Za-z0-9]{1,99})?(?:/[A-Za-z0-9](?:_?[A-Za-z0-9-]){0,99})?)"
    r"|(?=<!--|&#(?!8203;)))"
)
_CLOSES = re.compile(
    r"(?<![A-Za-z0-9])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)"
    r"(?:[\s:*_~\[(\"'\\]|<[^<>\n]{0,80}>|&(?:nbsp|#\w{1,6});){1,20}"
    r"(?P<issue>(?:(?:[\w.-]{1,100}/[\w.-]{1,100})?(?:#|&#0*35;|&#x0*23;|&num;)|GH-|https?://[^\s/]{1,100}/\S{1,200}/)\d)",
    re.IGNORECASE,
)
_EMPTY = "&#8203;"
"""A zero-width space that shows in the source; after a sign it keeps GitHub from seeing a name or number there."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text, and what was taken out of it as (what, how many), for the page that shows it to the maintainer."""

    text: str
    removed: tuple[tuple[str, int], ...] = ()


def clean_untrusted(text: str) -> Cleaned:
    """The text as a person sees it: without invisible characters, HTML comments and link comments; lines end in `\\n`.

    Closed comments go from code, too, so that nobody can put a mark of ours there.
    """
    text = re.sub("[\u2028\u2029]", "\n", newlines(text))
    removed = []
    for what, pattern in _HIDDEN:
        text, count = re.subn(pattern, "", text)
        removed.append((what, count))
    text, count = _without_comments(text)
    removed.append(("HTML comments", count))
    return Cleaned(text, tuple((what, count) for what, count in removed if count))


def _without_comments(text: str) -> tuple[str, int]:
    last = text.rfind("-->") + 3
    head, closed = re.subn(r"(?s)<!--.*?-->", _gap, text[:last]) if last > 2 else (text[:last], 0)
    text, links = _LINK_COMMENT.subn("", head + text[last:])
    inside = [match.end() for match in re.finditer("<!--", text)]
    found = contexts(text, inside)
    unclosed = next((at for at in inside if found.get(at) == "html"), None)
    return text if unclosed is None else text[: unclosed - 4], closed + links + (unclosed is not None)


def _gap(comment: re.Match[str]) -> str:
    """A space where the removal would make a new comment out of the pieces around it."""
    return " " if comment.string[comment.start() - 1 : comment.start()] in {"<", "!", "-"} else ""


def redact_secrets(text: str) -> str:
    """The text with tokens and keys of known forms replaced by what they were."""
    for what, pattern in _SECRETS:
        kept = r"\1" if re.compile(pattern).groups else ""
        text = re.sub(pattern, f"{kept}[redacted {what}]", text)
    return text


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def fence(text: str, language: str = "") -> str:
    """A fenced code block that nothing in the text can end."""
    ticks = "`" * max(3, _longest_run(text) + 1)
    return f"{ticks}{re.sub(r'[^A-Za-z0-9+#._-]', '', language)}\n{text.removesuffix(chr(10))}\n{ticks}"


def inline_code(text: str) -> str:
    """A code span on one line that nothing in the text can end."""
    text = " ".join(text.split())
    ticks = "`" * (_longest_run(text) + 1)
    pad = " " if text[:1] in {"", "`"} or text[-1:] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def escape_markdown_inline(text: str) -> str:
    """The text as words on one line: no markup, no table cells, no mentions, no links to issues."""
    text = re.sub(r"([\\`*_{}\[\]()<>#+!|~&$^=:.-])", r"\\\1", " ".join(text.split()))
    return re.sub(r"(@|#|(?i:GH)\\-)(?=\w)", rf"\1{_EMPTY}", text)


def neutralise_mentions(text: str) -> str:
    """The text with `@name` set as code and a word put into `Closes #1`, so that it pings nobody and closes nothing.

    Code and link targets stay as they are. What cannot be told for sure is split by an entity that shows nothing.
    """
    text = newlines(text)
    found = [*_MENTION.finditer(text), *_CLOSES.finditer(text)]
    places = sorted({_place(match): match for match in found}.items())
    where = contexts(text, [offset for offset, _ in places])
    runs = {len(run) - escaped for slash, run in re.findall(r"(\\?)(`+)", text) for escaped in (0, bool(slash))}
    ticks = "`" * next(size for size in range(1, len(runs) + 2) if size not in runs)
    pieces, done = [], 0
    for offset, match in places:
        old, new = _neutral(match, offset, where.get(offset), ticks)
        pieces += [text[done:offset], new]
        done = offset + len(old)
    return "".join([*pieces, text[done:]])


def _place(match: re.Match[str]) -> int:
    return match.start("issue") if match.re is _CLOSES else match.start()


def _neutral(match: re.Match[str], offset: int, where: Context | None, ticks: str) -> tuple[str, str]:
    """(what to replace at the offset, by what)."""
    if where in {"code", "hidden"}:
        return "", ""
    if match.re is _CLOSES:
        return "", "issue "
    text, name = match.string, match["name"] or ""
    sign = match[0].removesuffix(name)
    before, after = text[offset - 1 : offset], text[match.end() : match.end() + 1]
    word = max(text.rfind(space, max(0, offset - 2000), offset) for space in " \t\n<>()") + 1
    if where != "html" and re.compile(r"(?i)https?://|www\.").match(text, word, offset):
        return sign, "%40"
    if not name or where not in {"text", "line"} or before in {"`", "\\"} or after in {"`", "@", "&"}:
        return sign, f"@{_EMPTY}"
    return match[0], f"{ticks}@{name}{ticks}"


def _breakable(text: str, at: int) -> bool:
    """Whether the text may be cut here: not inside what shows as one character, nor between `\\r` and `\\n`."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    joined = unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff"
    joined |= "\u200d" in (before, after) or "\U000e0020" <= after <= "\U000e007f"
    joined |= "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff"
    return not (
        joined or before + after == "\r\n" or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")
    )


def _cut_before(text: str, at: int, lowest: int) -> int:
    """The last good place to cut at or before `at`; `at` itself if there is none within 200 characters."""
    return next((i for i in range(at, max(lowest, at - 200), -1) if _breakable(text, i)), at)


def truncate_middle(text: str, limit: int) -> str:
    """At most `limit` characters: the beginning, how much is left out, and the end."""
    if len(text) <= limit:
        return text
    room = limit - len(_left_out(len(text)))
    if room < 2:
        return text[: _cut_before(text, max(0, limit), 0)]
    head = _cut_before(text, room - room // 2, 0)
    tail = next((i for i in range(len(text) - room // 2, len(text)) if _breakable(text, i)), len(text))
    return f"{text[:head]}{_left_out(tail - head)}{text[tail:]}"


def _left_out(count: int) -> str:
    return f"\n\n[… {count:,} characters left out …]\n\n"


_CONTINUED = "_(continued)_\n\n"
_DETAILS = "<details><summary>(continued)</summary>\n\n"
_FENCE = re.compile(
    r"(?P<quote>(?:[ ]{0,3}>)*)(?P<pad>[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)"
    r"(?P<marker>`{3,}(?=[^`]*$)|~{3,})(?P<info>.*)"
)
_FENCE_END = re.compile(r"[ \t>]*(`{3,}|~{3,})[ \t]*")
_ASIDE = re.compile(r"<!--(?:(?!<!--).)*?-->|`[^`]*`")
_ATOM = re.compile(
    r"<!--(?:(?!<!--|-->).){0,3000}-->|</?[A-Za-z][^<>]{0,300}>|(?<!`)(`{1,20})(?!`)[^`\n]{1,200}\1", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Part:
    """One comment of several: the body's own text, and what opens again before it and closes after it."""

    head: str
    text: str
    tail: str

    def __str__(self) -> str:
        return self.head + self.text + self.tail


def split_comment(body: str, limit: int = 65_000) -> list[str]:
    """The body in comments of at most `limit` characters, each whole in itself. See `comment_parts`."""
    return [str(part) for part in comment_parts(body, limit)]


def comment_parts(body: str, limit: int = 65_000) -> list[Part]:
    """Cut a body where it hurts least: between paragraphs, else lines, else words; fences and `<details>` go on in
    the next part. The parts' texts, joined, are the body.

    Counts UTF-16 units, as a browser does: never fewer than GitHub, which refuses more than 65,536 characters (422,
    "Body is too long"). Raises `ValueError` for a limit under 64.
    """
    if limit < 64:
        raise ValueError(f"a comment of {limit} characters is too short to say anything")
    if _units(body) <= limit:
        return [Part("", body, "")]
    frame, opened, start = min(limit // 4, 1000), _Open(), 0
    parts: list[Part] = []
    while start < len(body):
        head = opened.head(frame) if parts else ""
        end, opened = _next_cut(body, start, limit - len(head) - frame, opened)
        text = body[start:end]
        parts.append(Part(head, text, opened.tail(text, frame) if end < len(body) else ""))
        start = end
    return parts


def close_blocks(text: str) -> str:
    """The text with its open fence, comment and `<details>` closed, so that it swallows nothing that follows it."""
    opened = _Open()
    for line in _rows(text, 0):
        opened = opened.after(line)
    comment = "\n-->" if opened.comment else ""
    return text + comment + opened.tail(text, len(text) + 1000)


@dataclass(frozen=True, slots=True)
class _Open:
    """What is open at some place of a body: a fence with the quotes and columns before it, `<details>`, a comment."""

    marker: str = ""
    info: str = ""
    quotes: int = 0
    indent: int = 0
    details: int = 0
    comment: bool = False

    def head(self, limit: int) -> str:
        """Opens it again; only the note if that would pass the limit. Four columns need a list item to be no code."""
        opened = _DETAILS * self.details
        if self.marker:
            indent = "-   " * (self.indent // 4) + " " * (self.indent % 4)
            opened += f"{'> ' * self.quotes}{indent}{self.marker}{self.info}\n"
        return _CONTINUED + (opened if len(_CONTINUED + opened) <= limit else "")

    def tail(self, text: str, limit: int) -> str:
        """Closes it after the text; nothing if that would pass the limit."""
        closed = "\n\n</details>" * self.details
        if self.marker:
            line = "" if text.endswith("\n") else "\n"
            closed = f"{line}{'> ' * self.quotes}{' ' * self.indent}{self.marker}{closed}"
        return closed if len(closed) <= limit else ""

    def after(self, line: str) -> "_Open":
        """What is open after one more line."""
        if self.comment:
            return replace(self, comment="-->" not in line)
        if self.marker and (not self.quotes or line.lstrip().startswith(">")):
            end = _FENCE_END.fullmatch(line.rstrip("\r\n"))
            return replace(self, marker="") if end and end[1].startswith(self.marker) else self
        if match := _FENCE.match(line.rstrip("\r\n")):
            quotes = match["quote"].count(">")
            indent = len(match["pad"].expandtabs(4)) - bool(quotes and match["pad"])
            return replace(self, marker=match["marker"], info=match["info"].strip()[:40], quotes=quotes, indent=indent)
        prose = _ASIDE.sub("", line)
        opening, closing = len(re.findall(r"(?i)<details\b", prose)), len(re.findall(r"(?i)</details\b", prose))
        comment = prose.rfind("<!--") > prose.rfind("-->")
        return replace(self, marker="", details=max(0, self.details + opening - closing), comment=comment)


def _units(text: str) -> int:
    return len(text) + len(re.findall("[\U00010000-\U0010ffff]", text))


def _next_cut(body: str, start: int, room: int, opened: _Open) -> tuple[int, _Open]:
    """(where the part ends, what is open there)."""
    paragraph = line = (start, opened)
    at, used = start, 0
    for row in _rows(body, start):
        used += _units(row)
        if used > room:
            break
        at, opened = at + len(row), opened.after(row)
        if not opened.comment:
            line = (at, opened)
        if not (row.strip() or opened.comment or opened.marker or opened.details):
            paragraph = line
    if at == len(body):
        return at, opened
    if paragraph[0] - start > (at - start) // 2:
        return paragraph
    if line[0] > start:
        return line
    end = at if at > start else _cut_in_line(body, start, room)
    return end, opened if at > start else opened.after(body[start:end])


def _rows(body: str, start: int) -> Iterator[str]:
    while start < len(body):
        end = body.find("\n", start) + 1 or len(body)
        yield body[start:end]
        start = end


def _cut_in_line(body: str, start: int, room: int) -> int:
    """Where to cut a line that is too long: after a word, else a character, and not inside a comment, tag or code."""
    end = start + room
    while (over := _units(body[start:end]) - room) > 0:
        end -= (over + 1) // 2
    space = max(body.rfind(" ", end - min(200, room // 2), end), body.rfind("\t", end - min(200, room // 2), end)) + 1
    cut = _cut_before(body, space or end, start)
    for atom in _ATOM.finditer(body, start, cut + 3000):
        if start < atom.start() < cut < atom.end():
            return atom.start()
    return cut
