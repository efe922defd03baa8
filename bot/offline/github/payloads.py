"""People, Apps, repositories, issues and comments in the JSON that GitHub publishes."""

import base64
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from bot.offline.github.state import (
    Actor,
    App,
    Comment,
    Installation,
    Issue,
    Json,
    Label,
    Level,
    Reaction,
    Repository,
    Token,
    User,
    World,
)

EVENTS = [
    *("check_run", "check_suite", "issue_comment", "issues", "pull_request", "pull_request_review"),
    *("pull_request_review_comment", "pull_request_review_thread", "push", "status"),
]
REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")

_USER_URLS = {
    "url": "",
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS = {
    "url": "",
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}


def time_text(at: datetime | None) -> str | None:
    """`2026-03-10T12:00:00Z`, the only form of time in GitHub's JSON."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def node_id(kind: str, number: int | str) -> str:
    """An opaque global id."""
    return base64.b64encode(f"{kind}:{number}".encode()).decode()


def api_url(world: World, repository: Repository) -> str:
    return f"{world.api}/repos/{repository.full_name}"


def page_url(world: World, repository: Repository) -> str:
    return f"{world.url}/{repository.full_name}"


def user_body(world: World, user: User) -> Json:
    """A simple user."""
    slug = user.login.removesuffix("[bot]")
    url = f"{world.api}/users/{user.login.replace('[', '%5B').replace(']', '%5D')}"
    return {
        "login": user.login,
        "id": user.id,
        "node_id": node_id("User", user.id),
        "avatar_url": f"{world.url}/avatars/{user.id}",
        "gravatar_id": "",
        "html_url": f"{world.url}/apps/{slug}" if user.login != slug else f"{world.url}/{user.login}",
        **{key: url + suffix for key, suffix in _USER_URLS.items()},
        "type": user.type,
        "user_view_type": "public",
        "site_admin": False,
    }


def profile_body(world: World, user: User) -> Json:
    """A user as `/user` and `/users/{login}` show one."""
    unknown = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    times = {"created_at": time_text(user.created_at), "updated_at": time_text(user.created_at)}
    return {**user_body(world, user), **unknown, "blog": "", **counts, **times}


def permissions_body(permissions: dict[str, Level]) -> Json:
    return dict(sorted(permissions.items()))


def app_body(world: World, app: App) -> Json:
    """An App, as comments name the one they were made through."""
    return {
        "id": app.id,
        "slug": app.slug,
        "client_id": f"Iv23li{app.id}",
        "node_id": node_id("App", app.id),
        "owner": user_body(world, app.owner),
        "name": app.slug,
        "description": "",
        "external_url": f"{world.url}/apps/{app.slug}",
        "html_url": f"{world.url}/{'github-apps' if world.enterprise else 'apps'}/{app.slug}",
        "created_at": time_text(app.created_at),
        "updated_at": time_text(app.created_at),
        "permissions": permissions_body(app.permissions),
        "events": EVENTS if app.events is None else app.events,
    }


def installation_body(world: World, installation: Installation) -> Json:
    url = f"{world.api}/app/installations/{installation.id}"
    return {
        "id": installation.id,
        "account": user_body(world, installation.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{world.api}/installation/repositories",
        "html_url": f"{world.url}/settings/installations/{installation.id}",
        "app_id": installation.app.id,
        "app_slug": installation.app.slug,
        "target_id": installation.account.id,
        "target_type": installation.account.type,
        "permissions": permissions_body(installation.permissions),
        "events": EVENTS,
        "created_at": time_text(installation.created_at),
        "updated_at": time_text(installation.created_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user_body(world, installation.account) if installation.suspended_at else None,
        "suspended_at": time_text(installation.suspended_at),
    }


def token_body(world: World, token: Token) -> Json:
    """The answer to a request for an installation token."""
    return {
        "token": token.value,
        "expires_at": time_text(token.expires_at),
        "permissions": permissions_body(token.permissions),
        "repository_selection": "selected",
        "repositories": [repository_body(world, repository) for repository in token.repositories],
    }


def repository_body(world: World, repository: Repository) -> Json:
    """A repository, with all its URL templates."""
    url, page = api_url(world, repository), page_url(world, repository)
    open_issues = sum(issue.state == "open" for issue in repository.issues.values())
    zeros = ("forks_count", "stargazers_count", "watchers_count", "size", "forks", "watchers")
    return {
        "id": repository.id,
        "node_id": node_id("Repository", repository.id),
        "name": repository.name,
        "full_name": repository.full_name,
        "private": repository.private,
        "owner": user_body(world, repository.owner),
        "html_url": page,
        "description": None,
        "fork": False,
        **{key: url + suffix for key, suffix in _REPOSITORY_URLS.items()},
        "git_url": f"git:{page.partition(':')[2]}.git",
        "ssh_url": f"git@127.0.0.1:{repository.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "topics": [],
        "visibility": "private" if repository.private else "public",
        "default_branch": repository.default_branch,
        "open_issues": open_issues,
        "open_issues_count": open_issues,
        **dict.fromkeys(zeros, 0),
        **dict.fromkeys(("has_issues", "allow_forking"), True),
        **dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads"), False),
        **dict.fromkeys(("disabled", "is_template", "web_commit_signoff_required"), False),
        "archived": repository.archived,
        "created_at": time_text(repository.created_at),
        "updated_at": time_text(repository.pushed_at),
        "pushed_at": time_text(repository.pushed_at),
    }


def association(repository: Repository, user: User) -> str:
    """How a person relates to the repository, as `author_association` says it."""
    if user is repository.owner:
        return "OWNER"
    return "COLLABORATOR" if user.login.lower() in repository.grants else "NONE"


def label_body(world: World, repository: Repository, label: Label) -> Json:
    return {
        "id": label.id,
        "node_id": node_id("Label", label.id),
        "url": f"{api_url(world, repository)}/labels/{quote(label.name, safe='')}",
        "name": label.name,
        "description": label.description,
        "color": label.color,
        "default": False,
    }


def reaction_body(world: World, reaction: Reaction) -> Json:
    return {
        "id": reaction.id,
        "node_id": node_id("Reaction", reaction.id),
        "user": user_body(world, reaction.user),
        "content": reaction.content,
        "created_at": time_text(reaction.created_at),
    }


def reactions_body(url: str, reactions: Sequence[Reaction]) -> Json:
    """The counts of reactions that issues and comments carry."""
    counts = {name: sum(r.content == name for r in reactions) for name in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def _by(world: World, repository: Repository, actor: Actor) -> Json:
    return {
        "user": user_body(world, actor.user),
        "author_association": association(repository, actor.user),
        "performed_via_github_app": app_body(world, actor.app) if actor.app else None,
    }


def issue_page(world: World, repository: Repository, issue: Issue) -> str:
    """The address of an issue or pull request for people."""
    return f"{page_url(world, repository)}/{'pull' if issue.pull else 'issues'}/{issue.number}"


def issue_body(world: World, repository: Repository, issue: Issue) -> Json:
    """An issue; a pull request's conversation if it has a `pull_request` key."""
    url = f"{api_url(world, repository)}/issues/{issue.number}"
    body: Json = {
        "id": issue.id,
        "node_id": node_id("Issue", issue.id),
        "url": url,
        "repository_url": api_url(world, repository),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": issue_page(world, repository, issue),
        "number": issue.number,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "title": issue.title,
        "body": issue.body,
        **_by(world, repository, issue.by),
        "labels": [label_body(world, repository, label) for label in issue.labels],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(issue.comments),
        "closed_at": time_text(issue.closed_at),
        "created_at": time_text(issue.created_at),
        "updated_at": time_text(issue.updated_at),
        "reactions": reactions_body(url, issue.reactions),
    }
    if issue.pull:
        page = issue_page(world, repository, issue)
        body["draft"] = issue.pull.draft
        body["pull_request"] = {
            "url": f"{api_url(world, repository)}/pulls/{issue.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": time_text(issue.pull.merged_at),
        }
    return body


def comment_body(world: World, repository: Repository, issue: Issue, comment: Comment) -> Json:
    url = f"{api_url(world, repository)}/issues/comments/{comment.id}"
    return {
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id),
        "url": url,
        "html_url": f"{issue_page(world, repository, issue)}#issuecomment-{comment.id}",
        "issue_url": f"{api_url(world, repository)}/issues/{issue.number}",
        "body": comment.body,
        **_by(world, repository, comment.by),
        "created_at": time_text(comment.created_at),
        "updated_at": time_text(comment.updated_at),
        "reactions": reactions_body(url, comment.reactions),
    }
