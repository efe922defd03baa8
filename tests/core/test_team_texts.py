"""What is said of a team and its results: foreign words cannot break a table or a page."""

from dataclasses import replace

from bot.core.comments import Progress, phase_comment, status_comment
from bot.core.conversation import Usage
from bot.core.runs import Member
from bot.core.submission_texts import submission_text
from bot.core.submissions import Findings, Team
from bot.core.team_texts import advice_text, documentation_summary, first_paragraph, team_text
from tests.samples import BEGAN, a_phase, a_run


def test_a_team_says_what_was_changed() -> None:
    """A cell stays a cell, and the rules' proposal can be compared."""
    proposed = [Member("a", "always"), Member("c", "the request says “sql”")]
    assert team_text("Small.", [Member("a", "always"), Member("b", "x | @y\nz")], proposed) == (
        "Small.\n\n| agent | why |\n|---|---|\n| a | always |\n| b | x \\| `@y` z |\n\n"
        "Against the rules' proposal: added `b`, left out `c` (the request says “sql”)."
    )
    assert team_text("Small.", proposed, proposed).endswith("Against the rules' proposal: no change.")


def test_advice_that_did_not_come_is_named() -> None:
    """The others' stands in full below."""
    summary, output = advice_text([("a", "Do.\n\nAnd test.", ""), ("b", "", "It declined")])
    assert summary == "- `a`: Do.\n- `b`: no advice. It declined."
    assert output == "**a**\n\nDo.\n\nAnd test."


def test_documentation_says_what_was_put_back() -> None:
    """Nothing that an agent did is dropped in silence."""
    assert documentation_summary([], []) == "No documentation had to change."
    assert documentation_summary(["README.md"], ["a`b.py"]) == (
        "Files changed, as git sees them:\n\n- `README.md`\n\n"
        "Put back, because they are no documentation:\n\n- ``a`b.py``"
    )


def test_the_first_paragraph_sums_up() -> None:
    """Up to the first empty line."""
    assert first_paragraph("\n\nOne.\nTwo.\n\nThree.") == "One.\nTwo."


def test_findings_are_counted_by_weight() -> None:
    """The summary says how many, and nothing found is said, too."""
    finding = {"path": "a.py", "line": 3, "problem": "Slow.", "remedy": "Cache."}
    found = Findings.model_validate(
        {
            "summary": "Looked.",
            "findings": [{**finding, "severity": "high"}, {**finding, "severity": "low", "line": 0}],
        }
    )
    summary, text = submission_text(found)
    assert summary == "**1 high, 1 low.** Looked."
    assert "**high** `a.py:3`: Slow.\n\nRemedy: Cache." in text
    assert "**low** `a.py`: Slow." in text
    assert submission_text(Findings(summary="Looked.", findings=[]))[0] == "**Nothing found.** Looked."


def test_a_team_is_listed_with_its_reasons() -> None:
    """As the next agents read it."""
    team = Team.model_validate({"summary": "Small.", "agents": [{"name": "a", "reason": "Builds."}]})
    assert submission_text(team)[1] == "Small.\n\n**Team**\n\n- `a`: Builds."


def test_versions_and_explanations_stand_in_the_comment() -> None:
    """Who made it, by which definition, and in a learning run what they said on the way."""
    agents = [
        {"name": "a", "version": "0123456789ab"},
        {"name": "b", "version": "v", "path": "agents/x @me.md"},
    ]
    said = [{"agent": "a", "text": "I look.\n```"}]
    text = phase_comment(a_run(), a_phase("design", agents=agents, explained=said), [])
    assert "<sub>a 0123456789ab, b v (agents/x `@me`.md) · " in text
    steps = text.partition("<summary>Step by step</summary>")[2]
    assert "1. `a`: I look." in steps
    assert steps.index("```\n```") < steps.index("</details>")


def test_notes_on_agents_stand_in_the_status() -> None:
    """A few of them, each on its line, whatever the file is called."""
    notes = tuple(f"{n}.md:1: wrong\n# big @you" for n in range(12))
    run = a_run(plan=replace(a_run().plan, notes=notes))
    text = status_comment(Progress(run, {}, Usage(), 0.0, BEGAN))
    assert "> - 0.md:1: wrong # big `@you`\n> - 1.md" in text
    assert "> - ... and 2 more" in text
    assert "WARNING" not in status_comment(Progress(a_run(), {}, Usage(), 0.0, BEGAN))
