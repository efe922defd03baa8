"""Who works on a request: from its words, the repository's facts, the mode and what agents have achieved."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.core.definitions import Catalog
from bot.core.errors import BotError
from bot.core.facts import Facts
from bot.core.runs import Member, Mode, PhaseName

CHIEF = "chief-product-manager"
CORE = (
    "business-analyst",
    "architect",
    "product-manager",
    "developer",
    "qa-engineer",
    "code-reviewer",
    "security-engineer",
)
"""The team of every run; nobody is asked whether they are needed."""
BUILDERS = (
    "developer",
    "api-integration-specialist",
    "data-engineer",
    "devops-engineer",
    "uiux-designer",
    "technical-writer",
)
"""Built-in agents that a task may be given to."""
ADVISERS = ("uiux-designer", "data-engineer", "api-integration-specialist", "devops-engineer")
"""Built-in agents that are heard before a comprehensive run is designed."""
ALWAYS: Mapping[Mode, Mapping[PhaseName, str]] = {
    "quick": {},
    "comprehensive": {
        "documentation": "technical-writer",
        "performance": "performance-optimizer",
    },
    "learning": {},
}
"""Who a mode brings, by the phase that they are brought for."""
POOR = 0.34
"""A specialist whose measured success here is below this is not proposed for the words of a request."""
_COMMON = frozenset(
    {"agent", "bot", "developer", "engineer", "expert", "helper", "specialist", "writer", "reviewer", "designer", "the"}
)
"""Words of an agent's name that say nothing of what it is for."""
_URL = re.compile(r"https?://\S+")

Fact = Literal["pages", "data", "build", "docs", ""]


@dataclass(frozen=True, slots=True)
class Specialist:
    """An agent that joins when the request needs it. `words` is a pattern of whole words; where the repository has the
    files of `fact`, those of `more` count, too."""

    agent: str
    words: str
    fact: Fact = ""
    more: str = ""


SPECIALISTS = (
    Specialist(
        "uiux-designer",
        r"ui|ux|gui|buttons?|layout|css|stylesheet|theme|dark mode|accessib\w*|dashboard|frontend|front-end|responsive",
        "pages",
        r"pages?|forms?|screens?|styles?|menus?|icons?|views?|templates?",
    ),
    Specialist(
        "api-integration-specialist",
        r"apis?|endpoints?|webhooks?|http|restful|graphql|grpc|oauth\d?|openid|integrat\w*|sdk|third[- ]party",
    ),
    Specialist(
        "data-engineer",
        r"databases?|sql|migrations?|postgres\w*|sqlite|mysql|mongo\w*|foreign key|orm",
        "data",
        r"schemas?|tables?|quer(?:y|ies)|index(?:es)?|columns?|models?|migrat\w*",
    ),
    Specialist(
        "devops-engineer",
        r"deploy\w*|docker\w*|containers?|kubernetes|k8s|helm|terraform|ci/cd|pipelines?",
        "build",
        r"compose|images?|packag\w*|releases?|builds?",
    ),
    Specialist(
        "performance-optimizer",
        r"slow\w*|faster|perform\w*|latency|throughput|memory|cach(?:e|es|ing)|speed\w*|optimi[sz]\w*|scal(?:e|es|ing)",
    ),
    Specialist(
        "technical-writer",
        r"docs?|document\w*|readme|guides?|tutorials?|changelog",
    ),
)


def propose(
    request: str,
    facts: Facts,
    mode: Mode,
    catalog: Catalog,
    *,
    success: Mapping[str, float] | None = None,
    wanted: Sequence[str] = (),
    skipped: Sequence[PhaseName] = (),
) -> tuple[Member, ...]:
    """The team for a request, the core first. `success` maps agents to their share of good results here, 0 to 1.

    Agents in `wanted` come instead of those that the words would bring. Raises `BotError` for one that is not there,
    or that would have nothing to do.
    """
    team = dict.fromkeys(CORE, "in every run")
    for name in wanted:
        if catalog.agent(name).name != CHIEF:
            _check_has_work(name, mode, catalog, skipped)
            team.setdefault(name, "named by the command")
    team |= {name: f"in every {mode} run" for name in required(mode, (), skipped) if name not in team}
    if not wanted:
        team |= {name: why for name, why in _called(request, facts, catalog, success or {}) if name not in team}
    return tuple(Member(name, reason) for name, reason in team.items())


def _check_has_work(name: str, mode: Mode, catalog: Catalog, skipped: Sequence[PhaseName]) -> None:
    alone = [Member(name, "")]
    heard = mode == "comprehensive" and "advice" not in skipped and bool(advisers(alone))
    if not (heard or name in required(mode, (), skipped) or name in builders(alone, catalog)):
        hint = "Leave it out" + (", or ask for `--comprehensive`." if mode != "comprehensive" else ".")
        raise BotError(f"There is nothing for `{name}` to do in a {mode} run like this.", hint)


def required(mode: Mode, wanted: Sequence[str], skipped: Sequence[PhaseName]) -> tuple[str, ...]:
    """Who must be in the team, whatever anybody thinks of it."""
    brought = (agent for phase, agent in ALWAYS[mode].items() if phase not in skipped)
    return tuple(dict.fromkeys((*CORE, *brought, *(name for name in wanted if name != CHIEF))))


def builders(team: Sequence[Member], catalog: Catalog) -> tuple[str, ...]:
    """Members that a task may be given to: ours that build, and the repository's own that can write."""
    found = [
        name
        for name in dict.fromkeys(("developer", *(member.agent for member in team)))
        if name in BUILDERS or name not in _BUILT_IN
    ]
    return tuple(name for name in found if name == "developer" or catalog.agent(name).writes)


def advisers(team: Sequence[Member]) -> tuple[str, ...]:
    """Members that are heard before the design, in a fixed order; the repository's own come last."""
    names = [member.agent for member in team]
    return (*(name for name in ADVISERS if name in names), *(name for name in names if name not in _BUILT_IN))


_BUILT_IN = frozenset({*CORE, *BUILDERS, *ADVISERS, CHIEF, *(s.agent for s in SPECIALISTS)})


def is_own(agent: str) -> bool:
    """Whether an agent is one that the repository added, and does not take the place of one of ours."""
    return agent not in _BUILT_IN


def _called(request: str, facts: Facts, catalog: Catalog, success: Mapping[str, float]) -> list[tuple[str, str]]:
    found = []
    for specialist in SPECIALISTS:
        words = specialist.words
        if specialist.fact and getattr(facts, specialist.fact):
            words += f"|{specialist.more}"
        if word := _word(words, request):
            found.append((specialist.agent, word))
    for agent in catalog.agents:
        parts = [part for part in agent.name.split("-") if len(part) > 2 and part not in _COMMON]
        if is_own(agent.name) and parts and (word := _word("|".join(parts), request)):
            found.append((agent.name, word))
    return [(name, f"the request says “{word}”") for name, word in found if success.get(name, 1.0) >= POOR]


def _word(pattern: str, request: str) -> str:
    match = re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", _URL.sub("", request), re.IGNORECASE)
    return match[0].lower() if match else ""
