"""What continuous integration does to commits; each change is announced to the webhook."""

from bot.core.reviews import Check
from bot.offline.github.events import emit
from bot.offline.github.payloads import time_text
from bot.offline.github.payloads_checks import branch_of, check_run_body, check_suite_body, status_body
from bot.offline.github.payloads_git import commit_body
from bot.offline.github.state import Actor, App, Repository, World
from bot.offline.github.state_checks import CheckRun, CheckSuite, CommitStatus, StatusState

CI_APP = 15_368
"""The id of GitHub Actions among GitHub's Apps."""
CI_PAGE = "https://ci.example/run"


def ci_app(world: World) -> App:
    """GitHub Actions, which checks commits here; it has no installation."""
    if world.ci is None:
        owner, bot = world.user("github", "Organization"), world.user("github-actions[bot]", "Bot")
        world.ci = App(CI_APP, "github-actions", "", owner, bot, {"checks": "write"}, world.now())
    return world.ci


def set_check(
    world: World,
    repository: Repository,
    actor: Actor,
    sha: str,
    check: Check,
) -> CheckRun:
    """Start a check (conclusion None), end the one of this name that runs, or report a new one that has ended.

    The suite is told of when the last of its checks has ended.
    """
    now = world.now()
    suite = repository.suites.setdefault(sha, CheckSuite(world.new_id(), ci_app(world), sha, now))
    run = next((run for run in suite.latest() if run.name == check.name and run.conclusion is None), None)
    if run is None:
        run = CheckRun(world.new_id(), check.name, None, None, None, "", (), now, None)
        suite.runs.append(run)
        body = check_run_body(world, repository, suite, run)
        emit(world, repository, actor, "check_run", "created", {"check_run": body})
    run.title, run.summary, run.details_url = check.title or None, check.summary or None, check.url or CI_PAGE
    run.annotations, run.conclusion = check.annotations, check.conclusion
    if run.conclusion:
        run.completed_at = now
        body = check_run_body(world, repository, suite, run)
        emit(world, repository, actor, "check_run", "completed", {"check_run": body})
        if suite.conclusion:
            whole = check_suite_body(world, repository, suite)
            emit(world, repository, actor, "check_suite", "completed", {"check_suite": whole})
    return run


def set_status(
    world: World,
    repository: Repository,
    actor: Actor,
    sha: str,
    context: str,
    state: StatusState,
    texts: tuple[str | None, str | None],
) -> CommitStatus:
    """A status (description, address); the newest of a context counts."""
    status = CommitStatus(world.new_id(), actor.user, context, state, *texts, world.now())
    repository.statuses.setdefault(sha, []).append(status)
    body = status_body(world, repository, sha, status)
    branch = branch_of(repository, sha)
    commit = commit_body(world, repository, sha)
    reference = {"sha": sha, "url": commit["url"]}
    told = {
        **{key: body[key] for key in ("id", "context", "description", "target_url", "state", "avatar_url")},
        "sha": sha,
        "name": repository.full_name,
        "commit": commit,
        "branches": [{"name": branch, "commit": reference, "protected": False}] if branch else [],
        "created_at": time_text(status.created_at),
        "updated_at": time_text(status.created_at),
    }
    emit(world, repository, actor, "status", None, told)
    return status
