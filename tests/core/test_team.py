"""Who works on a request follows from its words, the repository, the mode and what agents achieved."""

import pytest

from bot.core.definitions import AgentDefinition, Catalog
from bot.core.errors import BotError
from bot.core.facts import Facts
from bot.core.runs import Member, Mode, PhaseName
from bot.core.team import BUILDERS, CHIEF, CORE, advisers, builders, propose, required
from bot.definitions import builtin_catalog

PLAIN = Facts(("Python",), (), 3, tests=True, pages=False, data=False, build=False, docs=False)
FULL = Facts(("Python",), ("FastAPI",), 90, tests=True, pages=True, data=True, build=True, docs=True)
OURS = builtin_catalog()


def own(name: str, *tools: str) -> AgentDefinition:
    return AgentDefinition(name, "Ours.", tools, "", "Work.", "v", f".claude/agents/{name}.md")


def names(
    request: str,
    facts: Facts = FULL,
    mode: Mode = "quick",
    success: dict[str, float] | None = None,
    catalog: Catalog = OURS,
) -> set[str]:
    return {m.agent for m in propose(request, facts, mode, catalog, success=success)} - set(CORE)


@pytest.mark.parametrize(
    ("request_text", "agents"),
    [
        ("fix a typo", set()),
        ("add rate limiting to the login endpoint", {"api-integration-specialist"}),
        ("dark mode for the settings page", {"uiux-designer"}),
        ("add an index to the orders table", {"data-engineer"}),
        ("the list is slow with many rows", {"performance-optimizer"}),
        ("build a Docker image", {"devops-engineer"}),
        ("document the webhook format", {"technical-writer", "api-integration-specialist"}),
        ("rename restless to calm", set()),
        ("see https://example.com/api/docs for the rest", set()),
        ("Die Datenbank ist langsam", set()),
        ("", set()),
    ],
)
def test_words_bring_specialists(request_text: str, agents: set[str]) -> None:
    """Only whole words count, and none inside an address."""
    assert names(request_text) == agents


def test_words_with_two_meanings_need_the_files_for_them() -> None:
    """A package without a database needs no data engineer for the word `index`; for `SQL` it does."""
    assert names("an index of the book", PLAIN) == set()
    assert names("an index of the book", FULL) == {"data-engineer"}
    assert names("read SQL", PLAIN) == {"data-engineer"}


def test_a_comprehensive_run_has_audits_whatever_the_words() -> None:
    """Its depth is the mode's, not the request's; what is skipped needs nobody."""
    assert names("fix a typo", PLAIN, "comprehensive") == {"performance-optimizer", "technical-writer"}
    team = propose("fix a typo", PLAIN, "comprehensive", OURS, skipped=("documentation",))
    assert "technical-writer" not in {member.agent for member in team}
    assert required("comprehensive", ["data-engineer"], ["performance"]) == (*CORE, "technical-writer", "data-engineer")


def test_a_specialist_with_poor_results_here_is_not_proposed_by_words() -> None:
    """Measured success outweighs a keyword, but never removes the core."""
    success = {"performance-optimizer": 0.1, "developer": 0.0}
    assert names("slow query", success=success) == {"data-engineer"}
    assert names("slow query", success={"performance-optimizer": 0.5}) == {"data-engineer", "performance-optimizer"}


def test_who_is_named_comes_instead_of_those_that_words_bring() -> None:
    """The command knows best; the core stays."""
    team = propose("slow query", FULL, "quick", OURS, wanted=["devops-engineer", "developer", CHIEF])
    assert [member.agent for member in team] == [*CORE, "devops-engineer"]
    assert team[-1].reason == "named by the command"


def test_a_name_that_nobody_has() -> None:
    """It is answered with those there are."""
    with pytest.raises(BotError, match=r"There is no agent `wizard`\. There are: api-integration-specialist"):
        propose("", PLAIN, "quick", OURS, wanted=["wizard"])


def test_a_repositorys_own_agent_joins_for_its_name() -> None:
    """Words of its name that say nothing of its work do not count."""
    catalog = Catalog((*OURS.agents, own("payments-expert", "Edit"), own("our-code-agent")))
    assert names("mend the payments form", PLAIN, catalog=catalog) == {"payments-expert"}
    assert names("an expert agent", PLAIN, catalog=catalog) == set()


@pytest.mark.parametrize("mode", ["quick", "comprehensive", "learning"])
def test_every_member_has_a_reason_and_a_definition(mode: Mode) -> None:
    """People read why; the catalog knows who. Nobody is there twice, and the chief does not choose himself."""
    team = propose("login page slow sql docker api docs", FULL, mode, OURS)
    assert all(member.reason and OURS.agent(member.agent).prompt for member in team)
    assert len({member.agent for member in team}) == len(team)
    assert CHIEF not in {member.agent for member in team}


def test_tasks_go_to_those_who_build() -> None:
    """Ours by their job, the repository's own if they can write; a developer is always there."""
    catalog = Catalog((*OURS.agents, own("painter", "Write"), own("watcher", "Read")))
    team = [Member(name, "") for name in ("qa-engineer", "data-engineer", "painter", "watcher", "security-engineer")]
    assert builders(team, catalog) == ("developer", "data-engineer", "painter")
    assert builders([], OURS) == ("developer",)


def test_a_builder_whose_place_was_taken_by_one_who_only_reads() -> None:
    """He advises, and builds nothing."""
    catalog = Catalog(tuple(own(a.name, "Read") if a.name == "data-engineer" else a for a in OURS.agents))
    team = [Member("data-engineer", "")]
    assert builders(team, catalog) == ("developer",)
    assert advisers(team) == ("data-engineer",)


def test_advice_comes_from_specialists_in_a_fixed_order() -> None:
    """The repository's own come last; the core gives none."""
    team = [Member(name, "") for name in ("painter", "developer", "devops-engineer", "uiux-designer")]
    assert advisers(team) == ("uiux-designer", "devops-engineer", "painter")


@pytest.mark.parametrize(
    ("name", "mode", "skipped", "hint"),
    [
        ("performance-optimizer", "quick", [], "Leave it out, or ask for `--comprehensive`."),
        ("performance-optimizer", "comprehensive", ["performance"], "Leave it out."),
        ("reader", "learning", [], "Leave it out, or ask for `--comprehensive`."),
        ("reader", "comprehensive", ["advice"], "Leave it out."),
    ],
)
def test_who_would_have_nothing_to_do_is_told(name: str, mode: Mode, skipped: list[PhaseName], hint: str) -> None:
    """An agent that is asked for by name does not stand by in silence."""
    catalog = Catalog((*OURS.agents, own("reader", "Read")))
    with pytest.raises(BotError) as caught:
        propose("", PLAIN, mode, catalog, wanted=[name], skipped=skipped)
    assert (f"nothing for `{name}`" in caught.value.message, caught.value.hint) == (True, hint)


@pytest.mark.parametrize("mode", ["quick", "comprehensive", "learning"])
def test_who_has_something_to_do_is_taken(mode: Mode) -> None:
    """Who builds or judges has work in every mode; who only advises or measures where that is done."""
    catalog = Catalog((*OURS.agents, own("reader", "Read"), own("smith", "Write")))
    only = ["performance-optimizer", "reader"] if mode == "comprehensive" else []
    wanted = [*BUILDERS, *CORE, "smith", *only]
    assert set(wanted) <= {member.agent for member in propose("", PLAIN, mode, catalog, wanted=wanted)}
