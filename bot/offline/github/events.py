"""What happened, told to the webhook in GitHub's payload shapes."""

from bot.offline.github.hooks import HOOK_ID
from bot.offline.github.payloads import (
    EVENTS,
    comment_body,
    installation_body,
    issue_body,
    label_body,
    node_id,
    repository_body,
    time_text,
    user_body,
)
from bot.offline.github.payloads_git import full_pull_body, push_body
from bot.offline.github.state import Actor, Comment, Installation, Issue, Json, Label, Repository, World


def emit(world: World, repository: Repository, actor: Actor, event: str, action: str | None, extra: Json) -> None:
    """Queue one delivery with the keys that all payloads about a repository have."""
    payload: Json = {"action": action, **extra} if action else dict(extra)
    payload.setdefault("repository", repository_body(world, repository))
    payload["sender"] = user_body(world, actor.user)
    installation = world.installation_on(repository)
    if installation:
        payload["installation"] = {"id": installation.id, "node_id": node_id("Installation", installation.id)}
    world.hooks.send(event, action, payload, installation.id if installation else None, repository.id)


def issue_event(world: World, repository: Repository, actor: Actor, issue: Issue, action: str, **extra: Json) -> None:
    """An `issues` event, or `pull_request` with the same action if that is what the issue is."""
    if issue.pull:
        body = full_pull_body(world, repository, issue, issue.pull)
        emit(world, repository, actor, "pull_request", action, {"number": issue.number, "pull_request": body, **extra})
    else:
        emit(world, repository, actor, "issues", action, {"issue": issue_body(world, repository, issue), **extra})


def label_event(world: World, repository: Repository, actor: Actor, issue: Issue, action: str, label: Label) -> None:
    issue_event(world, repository, actor, issue, action, label=label_body(world, repository, label))


def comment_event(
    world: World, repository: Repository, actor: Actor, issue: Issue, action: str, comment: Comment, **extra: Json
) -> None:
    """An `issue_comment` event."""
    bodies: Json = {
        "issue": issue_body(world, repository, issue),
        "comment": comment_body(world, repository, issue, comment),
        **extra,
    }
    emit(world, repository, actor, "issue_comment", action, bodies)


def synchronize_event(
    world: World, repository: Repository, actor: Actor, issue: Issue, before: str, after: str
) -> None:
    """New commits on the head branch of a pull request."""
    assert issue.pull
    body = full_pull_body(world, repository, issue, issue.pull)
    extra = {"number": issue.number, "pull_request": body, "before": before, "after": after}
    emit(world, repository, actor, "pull_request", "synchronize", extra)


def push_event(world: World, repository: Repository, actor: Actor, branch: str, before: str, after: str) -> None:
    """A branch moved. Here, and only here, GitHub gives the repository's times in seconds."""
    body = push_body(world, repository, branch, before, after)
    body["repository"] = {
        **repository_body(world, repository),
        "created_at": int(repository.created_at.timestamp()),
        "pushed_at": int(repository.pushed_at.timestamp()),
        "owner": {**user_body(world, repository.owner), "name": repository.owner.login, "email": None},
        "stargazers": 0,
        "master_branch": repository.default_branch,
    }
    body["pusher"] = {"name": actor.user.login, "email": actor.user.email}
    emit(world, repository, actor, "push", None, body)


def installation_event(world: World, installation: Installation, action: str) -> None:
    """An App was installed."""
    keys = ("id", "node_id", "name", "full_name", "private")
    bodies = (repository_body(world, repository) for repository in installation.repositories)
    payload: Json = {
        "action": action,
        "installation": installation_body(world, installation),
        "repositories": [{key: body[key] for key in keys} for body in bodies],
        "requester": None,
        "sender": user_body(world, installation.account),
    }
    world.hooks.send("installation", action, payload, installation.id)


def ping_event(world: World) -> None:
    """The webhook exists: GitHub's first delivery."""
    now = time_text(world.now())
    hook = {
        "type": "App",
        "id": HOOK_ID,
        "name": "web",
        "active": True,
        "events": EVENTS,
        "config": {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": world.hooks.url or ""},
        "created_at": now,
        "updated_at": now,
        "deliveries_url": f"{world.api}/app/hook/deliveries",
    }
    if world.hooks.app_id is not None:
        hook["app_id"] = world.hooks.app_id
    world.hooks.send("ping", None, {"zen": "Keep it logically awesome.", "hook_id": HOOK_ID, "hook": hook})
