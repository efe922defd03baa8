"""Checks and commit statuses in the JSON that GitHub publishes."""

from datetime import UTC

from bot.core.reviews import Annotation
from bot.offline.github.gitstore import Signature
from bot.offline.github.payloads import api_url, app_body, node_id, page_url, repository_body, time_text, user_body
from bot.offline.github.state import Json, Repository, World
from bot.offline.github.state_checks import CheckRun, CheckSuite, CommitStatus


def pulls_of(world: World, repository: Repository, sha: str) -> list[Json]:
    """The open pull requests with this head, as checks name them."""
    url = api_url(world, repository)
    home = {"id": repository.id, "url": url, "name": repository.name}
    return [
        {
            "id": pull.id,
            "number": issue.number,
            "url": f"{url}/pulls/{issue.number}",
            "head": {"ref": pull.head, "sha": pull.head_sha, "repo": home},
            "base": {"ref": pull.base, "sha": pull.base_sha, "repo": home},
        }
        for issue, pull in repository.pulls()
        if issue.state == "open" and pull.head_sha == sha
    ]


def branch_of(repository: Repository, sha: str) -> str | None:
    """A branch whose head the commit is; one that is not the default if there are several."""
    names = [name for name, head in repository.heads.items() if head == sha]
    return min(names, key=lambda name: name == repository.default_branch, default=None)


def check_run_body(world: World, repository: Repository, suite: CheckSuite, run: CheckRun) -> Json:
    """A check run; its suite is whole, as in a webhook, where REST would do with the id."""
    url = f"{api_url(world, repository)}/check-runs/{run.id}"
    return {
        "id": run.id,
        "node_id": node_id("CheckRun", run.id),
        "head_sha": suite.sha,
        "external_id": "",
        "url": url,
        "html_url": f"{page_url(world, repository)}/runs/{run.id}",
        "details_url": run.details_url,
        "status": "completed" if run.conclusion else "in_progress",
        "conclusion": run.conclusion,
        "started_at": time_text(run.started_at),
        "completed_at": time_text(run.completed_at),
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": None,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "name": run.name,
        "check_suite": _simple_suite(world, repository, suite),
        "app": app_body(world, suite.app),
        "pull_requests": pulls_of(world, repository, suite.sha),
    }


def _simple_suite(world: World, repository: Repository, suite: CheckSuite) -> Json:
    return {
        "id": suite.id,
        "node_id": node_id("CheckSuite", suite.id),
        "head_branch": branch_of(repository, suite.sha),
        "head_sha": suite.sha,
        "status": "completed" if suite.conclusion else "in_progress",
        "conclusion": suite.conclusion,
        "url": f"{api_url(world, repository)}/check-suites/{suite.id}",
        "before": None,
        "after": suite.sha,
        "pull_requests": pulls_of(world, repository, suite.sha),
        "app": app_body(world, suite.app),
        "created_at": time_text(suite.created_at),
        "updated_at": time_text(world.now()),
    }


def check_suite_body(world: World, repository: Repository, suite: CheckSuite) -> Json:
    """A check suite as its webhook has it."""
    commit = repository.git.commit(suite.sha)
    simple = _simple_suite(world, repository, suite)
    return {
        **simple,
        "latest_check_runs_count": len(suite.latest()),
        "check_runs_url": f"{simple['url']}/check-runs",
        "head_commit": {
            "id": suite.sha,
            "tree_id": commit.tree,
            "message": commit.message,
            "timestamp": time_text(commit.committer.at.astimezone(UTC)),
            "author": _person(commit.author),
            "committer": _person(commit.committer),
        },
    }


def _person(signature: Signature) -> Json:
    return {"name": signature.name, "email": signature.email}


def annotation_body(world: World, repository: Repository, sha: str, annotation: Annotation) -> Json:
    return {
        "path": annotation.path,
        "blob_href": f"{page_url(world, repository)}/blob/{sha}/{annotation.path}",
        "start_line": annotation.start_line,
        "end_line": annotation.end_line,
        "start_column": None,
        "end_column": None,
        "annotation_level": annotation.level,
        "title": annotation.title,
        "message": annotation.message,
        "raw_details": None,
    }


def status_body(world: World, repository: Repository, sha: str, status: CommitStatus) -> Json:
    """A commit status; without its `creator` it is as the combined status lists it."""
    return {
        "url": f"{api_url(world, repository)}/statuses/{sha}",
        "avatar_url": f"{world.url}/avatars/{status.by.id}",
        "id": status.id,
        "node_id": node_id("Status", status.id),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": time_text(status.created_at),
        "updated_at": time_text(status.created_at),
        "creator": user_body(world, status.by),
    }


def combined_status_body(world: World, repository: Repository, sha: str, rows: list[Json]) -> Json:
    """What the newest statuses of a commit come to together."""
    states = {row["state"] for row in rows}
    failed, waiting = states & {"failure", "error"}, "pending" in states or not rows
    return {
        "state": "failure" if failed else "pending" if waiting else "success",
        "statuses": rows,
        "sha": sha,
        "total_count": len(rows),
        "repository": repository_body(world, repository),
        "commit_url": f"{api_url(world, repository)}/commits/{sha}",
        "url": f"{api_url(world, repository)}/commits/{sha}/status",
    }
