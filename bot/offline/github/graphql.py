"""GraphQL as far as reviews need it: `repository.pullRequest` with its threads, and four mutations."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.offline.github.access import Need, permit
from bot.offline.github.conversations import set_draft
from bot.offline.github.graphql_objects import Lazy, pull_object, thread_object
from bot.offline.github.payloads import node_id
from bot.offline.github.query import Field, Operation, QueryError, Variable, parse_query
from bot.offline.github.refusals import RefusalError
from bot.offline.github.rest import Answer, Call, Route, own_or_write, route
from bot.offline.github.reviewing import set_resolved
from bot.offline.github.state import Actor, Issue, Json, Pull, Repository

_TYPES = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 422: "UNPROCESSABLE"}


class FieldError(Exception):
    """What one field of the answer failed of; GraphQL answers 200 all the same."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def serve_graphql(call: Call) -> Answer:
    """200 with `data`, `errors` or both, as GitHub's GraphQL answers; 401 to the nameless."""
    if call.caller.token is None:
        raise RefusalError(401, "This endpoint requires you to be authenticated.")
    try:
        operation = parse_query(call.text("query"))
        variables = _variables(operation, call.fields.get("variables") or {})
        roots = _MUTATIONS if operation.kind == "mutation" else _QUERIES
        _known(operation, roots)
    except QueryError as error:
        return Answer(200, {"errors": [{"message": str(error)}]})
    data: Json = {}
    errors: list[Json] = []
    for field in operation.fields:
        try:
            value = roots[field.name](call, _arguments(field, variables))
            data[field.key] = _select(value, field.fields, variables)
        except (FieldError, RefusalError) as error:
            data[field.key] = None
            errors.append(_told(error, field))
        except QueryError as error:
            return Answer(200, {"errors": [{"message": str(error), "path": [operation.kind, field.key]}]})
    return Answer(200, {"data": data, "errors": errors} if errors else {"data": data})


def _told(error: FieldError | RefusalError, field: Field) -> Json:
    kind = error.kind if isinstance(error, FieldError) else _TYPES.get(error.status, "UNPROCESSABLE")
    return {"type": kind, "path": [field.key], "message": str(error), "locations": [{"line": 1, "column": 1}]}


def _variables(operation: Operation, given: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, required in operation.variables.items():
        if required and given.get(name) is None:
            raise QueryError(f"Variable ${name} was provided invalid value")
    return given


def _known(operation: Operation, roots: Mapping[str, Any]) -> None:
    for field in operation.fields:
        if field.name not in roots:
            raise QueryError(f"Field '{field.name}' doesn't exist on type '{operation.kind.title()}'")


def _arguments(field: Field, variables: Mapping[str, Any]) -> Json:
    def value(given: Any) -> Any:
        if isinstance(given, Variable):
            return variables.get(given.name)
        return {name: value(part) for name, part in given.items()} if isinstance(given, dict) else given

    return {name: value(given) for name, given in field.arguments.items()}


def _select(value: Any, fields: tuple[Field, ...], variables: Mapping[str, Any]) -> Any:
    """Only what was asked for. Raises `QueryError` for a field that the object does not have."""
    if value is None:
        return None
    if isinstance(value, list):
        return [_select(item, fields, variables) for item in value]
    if not isinstance(value, Lazy):
        return value
    if not fields:
        raise QueryError(f"Field must have selections: '{value.kind}'")
    found: Json = {}
    for field in fields:
        if field.on in (None, value.kind):
            part = value.get(field.name, _arguments(field, variables))
            found[field.key] = _select(part, field.fields, variables)
    return found


def _repository(call: Call, arguments: Json) -> Lazy:
    name = f"{arguments.get('owner')}/{arguments.get('name')}"
    repository = call.world.repositories.get(name.lower())
    if repository is None or _hidden(call, repository):
        raise FieldError("NOT_FOUND", f"Could not resolve to a Repository with the name '{name}'.")

    def pull(given: Json) -> Lazy:
        issue = repository.issues.get(given.get("number", 0))
        if issue is None or issue.pull is None:
            text = f"Could not resolve to a PullRequest with the number of {given.get('number')}."
            raise FieldError("NOT_FOUND", text)
        return pull_object(call.world, repository, issue, issue.pull)

    return Lazy("Repository", {"nameWithOwner": lambda _: repository.full_name, "pullRequest": pull})


def _hidden(call: Call, repository: Repository) -> bool:
    """Whether the caller may not know of it. Raises `RefusalError` 403 if it may, but may not read pull requests."""
    try:
        permit(call.caller, repository, Need("pull_requests", "read", "read"))
    except RefusalError as refusal:
        if refusal.status == 404:
            return True
        raise
    return False


def _pulls(call: Call) -> Iterator[tuple[Repository, Issue, Pull]]:
    for repository in call.world.repositories.values():
        for issue, pull in repository.pulls():
            yield repository, issue, pull


def _permitted(call: Call, repository: Repository, author: Actor) -> None:
    """Writing for an installation that may write pull requests, for people who may write here or wrote it."""
    call.found = repository
    permit(call.caller, repository, Need("pull_requests", "write", "read"))
    own_or_write(call, author)


def _resolving(call: Call, arguments: Json, *, resolved: bool) -> Lazy:
    wanted = (arguments.get("input") or {}).get("threadId")
    for repository, issue, pull in _pulls(call):
        for thread in pull.threads:
            if node_id("PullRequestReviewThread", thread.id) == wanted:
                _permitted(call, repository, issue.by)
                set_resolved(call.world, repository, call.actor, issue, thread, resolved=resolved)
                return _changed(arguments, "thread", thread_object(call.world, repository, issue, thread))
    raise FieldError("NOT_FOUND", f"Could not resolve to a node with the global id of '{wanted}'")


def _drafting(call: Call, arguments: Json, *, draft: bool) -> Lazy:
    wanted = (arguments.get("input") or {}).get("pullRequestId")
    for repository, issue, pull in _pulls(call):
        if node_id("PullRequest", pull.id) == wanted:
            _permitted(call, repository, issue.by)
            set_draft(call.world, repository, call.actor, issue, draft=draft)
            return _changed(arguments, "pullRequest", pull_object(call.world, repository, issue, pull))
    raise FieldError("NOT_FOUND", f"Could not resolve to a node with the global id of '{wanted}'")


def _changed(arguments: Json, name: str, thing: Lazy) -> Lazy:
    client = (arguments.get("input") or {}).get("clientMutationId")
    return Lazy("Payload", {name: lambda _: thing, "clientMutationId": lambda _: client})


Root = Callable[[Call, Json], Lazy]
_QUERIES: Mapping[str, Root] = {
    "repository": _repository,
    "viewer": lambda call, _: Lazy("User", {"login": lambda _: call.actor.user.login}),
}
_MUTATIONS: Mapping[str, Root] = {
    "resolveReviewThread": lambda call, given: _resolving(call, given, resolved=True),
    "unresolveReviewThread": lambda call, given: _resolving(call, given, resolved=False),
    "markPullRequestReadyForReview": lambda call, given: _drafting(call, given, draft=False),
    "convertPullRequestToDraft": lambda call, given: _drafting(call, given, draft=True),
}

ROUTES: tuple[Route, ...] = (route("POST", "/graphql", serve_graphql),)
