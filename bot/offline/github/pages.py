"""Pages for people: issues, pull requests with their diff, commits; whatever stands in them is made harmless."""

import html
import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markupsafe import Markup

from bot.offline.github.access import Caller, Need, permit
from bot.offline.github.gitdiff import FileDiff, changed_files, diff_text, merge_base
from bot.offline.github.refusals import RefusalError, not_found
from bot.offline.github.rest import Answer, Incoming
from bot.offline.github.state import Issue, Pull, Repository, World

_TEMPLATES = Path(__file__).parent / "templates"
_RAW = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>|[^<]+|<", re.DOTALL)
_HARMLESS = re.compile(
    r"<(?P<close>/?)(?P<tag>details|summary|sub|sup|kbd|br|hr|b|i|em|strong|code)(?P<open> open)?\s*/?>", re.IGNORECASE
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PATH = re.compile(
    r"/(?P<owner>[^/]+)/(?P<repo>[^/]+?)(?:/(?P<kind>issues|pull|commit)/(?P<id>[0-9a-f]+)(?P<diff>\.diff)?)?/?"
)


def harmless_html(raw: str) -> str:
    """HTML with comments dropped, a few tags without attributes kept, and everything else shown as text."""
    return "".join(_harmless_piece(piece) for piece in _RAW.findall(raw))


def _harmless_piece(piece: str) -> str:
    if piece.startswith("<!--") and piece.endswith("-->"):
        return ""
    tag = _HARMLESS.fullmatch(piece)
    if tag is None:
        return html.escape(piece)
    return f"<{tag['close']}{tag['tag'].lower()}{' open' if tag['open'] else ''}>"


def _raw_html(_renderer: RendererHTML, tokens: Any, index: int, _options: Any, _env: Any) -> str:
    return harmless_html(tokens[index].content)


def markdown(text: str | None) -> Markup:
    """A comment as GitHub would show it, near enough: no scripts, no pictures, no attributes from outside."""
    parser = (
        MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"]).disable("image")
    )
    parser.add_render_rule("html_block", _raw_html)
    parser.add_render_rule("html_inline", _raw_html)
    return Markup(parser.render(text or "*No description.*"))  # noqa: S704


def serve_page(world: World, caller: Caller, request: Incoming) -> Answer | None:
    """The page of this path, None if there is no such kind of page. Raises `RefusalError` 404."""
    if request.path == "/_static/style.css":
        return Answer(200, (_TEMPLATES / "style.css").read_bytes(), {"Content-Type": "text/css; charset=utf-8"})
    found = _PATH.fullmatch(request.path)
    if request.method != "GET" or found is None:
        return None
    repository = world.repositories.get(f"{found['owner']}/{found['repo']}".lower())
    if repository is None:
        raise not_found()
    permit(caller, repository, Need("contents|issues", "read", "read"))
    if found["kind"] is None:
        return _page("repository.html", repository)
    if found["kind"] == "commit":
        return _commit_page(repository, found["id"])
    return _conversation(repository, found["id"], found["kind"], as_diff=bool(found["diff"]))


def home(world: World) -> Answer:
    """The list of public repositories."""
    return _page("home.html", None, repositories=[r for r in world.repositories.values() if not r.private])


def form_page(template: str, status: int, **values: Any) -> Answer:
    """A page with a form; where that leads to is GitHub's own matter."""
    page = _page(template, None, **values)
    policy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    return Answer(status, page.body, {**page.headers, "Content-Security-Policy": policy})


def _page(template: str, repository: Repository | None, **values: Any) -> Answer:
    pages = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages.filters["markdown"] = markdown
    text = pages.get_template(template).render(repository=repository, **values)
    return Answer(200, text.encode(), dict(_HEADERS))


def _conversation(repository: Repository, number: str, kind: str, *, as_diff: bool) -> Answer:
    issue = repository.issues.get(int(number)) if number.isdecimal() else None
    if issue is None:
        raise not_found()
    pull = issue.pull
    if (kind == "pull") != (pull is not None):
        right = f"/{repository.full_name}/{'pull' if pull else 'issues'}/{issue.number}"
        return Answer(302, b"", {"Location": right})
    if as_diff:
        return _plain_diff(repository, pull)
    files = _files(repository, pull) if pull else []
    commits = [repository.git.commit(sha) for sha in _shas(repository, pull)] if pull else []
    return _page(
        "conversation.html", repository, issue=issue, pull=pull, files=files, commits=commits, word=_word(issue)
    )


def _word(issue: Issue) -> str:
    if issue.pull and issue.pull.merged_at:
        return "merged"
    return "draft" if issue.pull and issue.pull.draft and issue.state == "open" else issue.state


def _start(repository: Repository, pull: Pull) -> str:
    return merge_base(repository.git, pull.base_sha, pull.head_sha) or pull.base_sha


def _files(repository: Repository, pull: Pull) -> list[FileDiff]:
    return changed_files(repository.git, _start(repository, pull), pull.head_sha)


def _shas(repository: Repository, pull: Pull) -> list[str]:
    return repository.git.log(pull.head_sha, _start(repository, pull))[::-1]


def _plain_diff(repository: Repository, pull: Pull | None) -> Answer:
    if pull is None:
        raise not_found()
    text = diff_text(repository.git, _start(repository, pull), pull.head_sha)
    headers = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
    return Answer(200, text.encode(), headers)


def _commit_page(repository: Repository, sha: str) -> Answer:
    if repository.git.kind(sha) != "commit":
        raise not_found()
    commit = repository.git.commit(sha)
    files = changed_files(repository.git, commit.parents[0], sha) if commit.parents else []
    return _page("commit.html", repository, commit=commit, files=files, verified=commit.sha in repository.verified)


def refusal_page(refusal: RefusalError) -> Answer:
    """A refusal for a browser."""
    return Answer(refusal.status, f"{refusal.status} {refusal.message}".encode(), {"Content-Type": "text/plain"})
