"""Pages for the demo's visitors: readable, and harmless whatever people and models wrote."""

import httpx
import pytest

from bot.offline.github import LocalGitHub
from bot.offline.github.pages import markdown
from tests.offline.github.conftest import WIDGET


@pytest.fixture
def browser(github: LocalGitHub) -> httpx.Client:
    return httpx.Client(base_url=github.url, headers={"Accept": "text/html"})


def test_an_issue_can_be_read(github: LocalGitHub, browser: httpx.Client) -> None:
    """Title, texts as Markdown, people, labels, reactions; the hidden mark stays hidden."""
    number = github.open_issue(WIDGET, title="Dark <mode>", body="Please, **dark**.", by="rita", labels=("ui",))
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    body = table + "<!-- devflow:run=1 key=x -->\n<details>\n<summary>More</summary>\n\n*x*\n</details>"
    comment = github.comment(WIDGET, number, body, by="maria")
    page = browser.get(f"/{WIDGET}/issues/{number}").text
    assert "Dark &lt;mode&gt;" in page
    assert "<strong>dark</strong>" in page
    assert "<td>1</td>" in page
    assert "devflow:run" not in page
    assert "<details>\n<summary>More</summary>" in page
    assert f'id="issuecomment-{comment}"' in page
    assert ">ui<" in page
    assert '<span class="state open">' in page


def test_a_pull_request_can_be_read_with_its_diff(github: LocalGitHub, browser: httpx.Client) -> None:
    """Its state, commits and changes; merged, it says so."""
    github.push(WIDGET, "x", {"src/widget.py": "SIZE = '<b>'\n"}, "Grow <it>", by="maria")
    number = github.open_pull(WIDGET, title="Grow", head="x", by="maria")
    page = browser.get(f"/{WIDGET}/pull/{number}").text
    assert "wants to merge 1 commit into" in page
    assert "Grow &lt;it&gt;" in page
    assert '<span class="minus">-SIZE = 1\n</span>' in page
    assert "+SIZE = &#39;&lt;b&gt;&#39;" in page
    assert browser.get(f"/{WIDGET}/pull/{number}.diff").text.startswith("diff --git")
    github.merge(WIDGET, number, by="maria")
    assert '<span class="state merged">' in browser.get(f"/{WIDGET}/pull/{number}").text


def test_pages_lead_to_each_other(github: LocalGitHub, browser: httpx.Client) -> None:
    """Home, repository, commit; an issue's address finds the pull request and the other way round."""
    issue = github.open_issue(WIDGET, title="One", by="rita")
    sha = github.push(WIDGET, "x", {"n": "1"}, "Two", by="maria")
    pull = github.open_pull(WIDGET, title="Two", head="x", by="maria")
    assert f'href="/{WIDGET}"' in browser.get("/").text
    repository = browser.get(f"/{WIDGET}").text
    assert f'href="/{WIDGET}/issues/{issue}"' in repository
    assert f'href="/{WIDGET}/pull/{pull}"' in repository
    assert sha in browser.get(f"/{WIDGET}/commit/{sha}").text
    assert browser.get(f"/{WIDGET}/issues/{pull}").headers["location"] == f"/{WIDGET}/pull/{pull}"
    assert browser.get(f"/{WIDGET}/pull/{issue}").headers["location"] == f"/{WIDGET}/issues/{issue}"
    assert browser.get("/_static/style.css").headers["content-type"].startswith("text/css")


def test_what_is_not_there_or_private_is_404(github: LocalGitHub, browser: httpx.Client) -> None:
    """A visitor without a token sees public pages only."""
    github.add_repository("acme/secret", private=True)
    paths = (f"/{WIDGET}/issues/9", "/acme/secret", "/acme/none", f"/{WIDGET}/commit/abc", f"/{WIDGET}/issues/abc")
    assert [browser.get(path).status_code for path in paths] == [404] * len(paths)
    assert "acme/secret" not in browser.get("/").text
    assert github.unserved == []


def test_pages_forbid_scripts_and_pictures(github: LocalGitHub, browser: httpx.Client) -> None:
    """The browser is told so too, should anything slip through."""
    policy = browser.get(f"/{WIDGET}").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "x <img src=x onerror=alert(1)> y",
        "<details onclick=alert(1)>x</details>",
        "<details open><summary/onmouseover=alert(1)>x",
        "[x](javascript:alert(1))",
        "![x](https://example.com/pixel.png)",
        "<a href='javascript:alert(1)'>x</a>",
        "<!-- --><script>alert(1)</script><!-- -->",
        "<style>*{display:none}</style>",
        "`</code><script>alert(1)</script>`",
        "<svg/onload=alert(1)>",
        "<<script>script>alert(1)</script>",
        "<b\n onclick=alert(1)>x</b>",
    ],
)
def test_nothing_active_survives_in_a_comment(text: str) -> None:
    """No tag of theirs with an attribute, no script, no style, no picture, no link that runs."""
    page = str(markdown(text))
    for bad in ("<script", "<img", "<style", "<svg", "<a href='java", 'href="javascript', "<details onclick", "<b\n"):
        assert bad not in page
    assert "<summary/" not in page


def test_comments_inside_code_are_shown(github: LocalGitHub) -> None:
    """What stands in code is code, hidden mark or not."""
    assert "&lt;!-- shown --&gt;" in str(markdown("```\n<!-- shown -->\n```"))
    assert "<!--" not in str(markdown("a <!-- hidden --> b"))
    assert "hidden" not in str(markdown("a <!-- hidden --> b"))
