"""GitHub's published GraphQL schema, as a judge of what is asked and answered.

It is the npm package `@octokit/graphql-schema`, fetched when it is first needed and never kept with the source.
"""

from functools import cache
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from bot.offline.github import Exchange
from tests.offline.published import published_file

PACKAGE = "@octokit/graphql-schema@15.26.1"


@cache
def github_schema() -> GraphQLSchema:
    """The schema; takes some seconds the first time."""
    text = published_file(PACKAGE, "package/schema.graphql").read_text("utf-8")
    return build_schema(text, assume_valid=True, no_location=True)


def check_query(query: str, variables: dict[str, Any] | None, data: Any = None) -> list[str]:
    """What is wrong with a query, its variables, and (if given) the `data` it was answered with."""
    schema = github_schema()
    try:
        document = parse(query)
    except GraphQLError as error:
        return [f"graphql: {error.message}"]
    found = validate(schema, document)
    if not found and data is not None:
        result = execute_sync(schema, document, root_value=data, variable_values=variables)
        found = result.errors or []
        if not found and result.data != data:
            return ["graphql: the answer has what was not asked for"]
    return [f"graphql: {error.message} at {error.path}" for error in found]


def judge_query(exchange: Exchange) -> list[str]:
    """What is wrong with an exchange. An answer with errors may lack what the schema promises."""
    sent, answer = exchange.request or {}, exchange.response or {}
    if exchange.status != 200:
        return []
    data = None if "errors" in answer else answer.get("data")
    return check_query(sent.get("query", ""), sent.get("variables"), data)
