"""At which lines of a run a server is killed: all of them, or some of each kind, spread over the run."""

import re
from collections.abc import Mapping, Sequence

KINDS: Mapping[str, tuple[str, int]] = {
    "delivery": (r"accept issue_comment|SqlStore.processed|add_run|DbosDurable.start", 3),
    "comment": (r"POST .*/issues/1/comments", 4),
    "reaction": (r"(POST|DELETE) .*/reactions", 2),
    "status edit": (r"PATCH", 2),
    "model": (r"Claude", 3),
    "reply": (r"finish_turn \S+ \d+ #\d+ after", 3),
    "turn": (r"reserve_turn|with results", 2),
    "tool": (r"ToolBox.call", 3),
    "files": (r"GitWorkspaces|spawn git|\.git/", 2),
    "tests": (r"Sandbox.run|spawn sh", 3),
    "phase": (r"SqlStore.(save_phase|set_run_state|effect_done|add_effect)", 2),
    "choice": (r"SqlStore.(keep_choice|note_results)", 3),
    "commits": (r"POST .*/git/(trees|commits)", 1),
    "branch": (r"POST .*/git/refs", 2),
    "pull request": (r"POST .*/pulls", 2),
}
"""Kind of a line: how it is told, and how many of the kind are enough for every day."""
_BY_CHANCE = re.compile(
    r"SqlStore.accept (?!issue_comment #1 )|SqlStore.processed #(?![12] )|add_effect status #(?!1 )|PATCH .* #(?!1 )"
)
"""How often these are passed depends on how fast the machine is."""


def steady(passed: Sequence[tuple[float, str]]) -> list[str]:
    """The lines of a run in their order, without those that another run may not have."""
    return [line for _, line in sorted(passed) if not _BY_CHANCE.search(line)]


def chosen(lines: Sequence[str], kind: str, index: int) -> str:
    """One of the lines of a kind: the first, the last, or as far between them as its index."""
    pattern, wanted = KINDS[kind]
    found = [line for line in lines if re.search(pattern, line)]
    assert len(found) >= wanted, f"only {len(found)} lines of the kind {kind!r}"
    return found[round(index * (len(found) - 1) / max(1, wanted - 1))]
