"""REST: check runs, their annotations, and commit statuses; setting a status, which people's programs do."""

from bot.offline.github.checking import set_status
from bot.offline.github.payloads_checks import annotation_body, check_run_body, combined_status_body, status_body
from bot.offline.github.refusals import RefusalError, invalid, not_found
from bot.offline.github.rest import Answer, Call, Route, route
from bot.offline.github.state import Json
from bot.offline.github.state_checks import CheckRun, CheckSuite, StatusState

_STATES: dict[str, StatusState] = {"success": "success", "failure": "failure", "error": "error", "pending": "pending"}


def _sha(call: Call) -> str:
    sha = call.repository.git.resolve(call.params["ref"])
    if sha is None:
        raise RefusalError(422, f"No commit found for SHA: {call.params['ref']}")
    return sha


def _of_page(call: Call, name: str, answer: Answer, total: int) -> Answer:
    """A page of a list that comes inside an object."""
    return Answer(200, {"total_count": total, name: answer.body}, answer.headers)


def list_check_runs(call: Call) -> Answer:
    """The newest of each name unless `filter=all`."""
    suite = call.repository.suites.get(_sha(call))
    everything = call.query.get("filter") == "all"
    rows = [] if suite is None else suite.runs if everything else suite.latest()
    wanted = call.query.get("check_name")
    rows = [run for run in rows if wanted in (None, run.name)]
    page = call.page(rows, lambda run: check_run_body(call.world, call.repository, suite, run) if suite else None)
    return _of_page(call, "check_runs", page, len(rows))


def _check_run(call: Call) -> tuple[CheckSuite, CheckRun]:
    for suite in call.repository.suites.values():
        for run in suite.runs:
            if run.id == int(call.params["id"]):
                return suite, run
    raise not_found()


def get_check_run(call: Call) -> Answer:
    return Answer(200, check_run_body(call.world, call.repository, *_check_run(call)))


def list_annotations(call: Call) -> Answer:
    suite, run = _check_run(call)
    return call.page(run.annotations, lambda row: annotation_body(call.world, call.repository, suite.sha, row))


def list_statuses(call: Call) -> Answer:
    """All that were ever set, newest first."""
    sha = _sha(call)
    rows = call.repository.statuses.get(sha, [])[::-1]
    return call.page(rows, lambda status: status_body(call.world, call.repository, sha, status))


def get_combined_status(call: Call) -> Answer:
    """The newest of each context."""
    sha = _sha(call)
    newest = list({status.context: status for status in call.repository.statuses.get(sha, [])}.values())

    def row(status: object) -> Json:
        body = status_body(call.world, call.repository, sha, status)  # type: ignore[arg-type]
        return {key: value for key, value in body.items() if key != "creator"}

    page = call.page(newest, row)
    body = combined_status_body(call.world, call.repository, sha, [row(status) for status in newest])
    return Answer(200, {**body, "statuses": page.body}, page.headers)


def create_status(call: Call) -> Answer:
    sha, state = call.params["sha"], _STATES.get(call.text("state"))
    if call.repository.git.kind(sha) != "commit":
        raise RefusalError(422, f"No commit found for SHA: {sha}")
    if state is None:
        raise invalid("Status", "inclusion", "state")
    texts = (call.maybe_text("description"), call.maybe_text("target_url"))
    context = call.maybe_text("context") or "default"
    status = set_status(call.world, call.repository, call.actor, sha, context, state, texts)
    return Answer(201, status_body(call.world, call.repository, sha, status))


_REPO = "/repos/{owner}/{repo}"

ROUTES: tuple[Route, ...] = (
    route("GET", _REPO + "/commits/{ref:p}/check-runs", list_check_runs, "checks"),
    route("GET", _REPO + "/check-runs/{id:n}", get_check_run, "checks"),
    route("GET", _REPO + "/check-runs/{id:n}/annotations", list_annotations, "checks"),
    route("GET", _REPO + "/commits/{ref:p}/status", get_combined_status, "statuses"),
    route("GET", _REPO + "/commits/{ref:p}/statuses", list_statuses, "statuses"),
    route("POST", _REPO + "/statuses/{sha}", create_status, "statuses"),
)
