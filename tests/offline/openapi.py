"""GitHub's own description of its REST API and webhooks, as a judge of what is sent and answered.

The description is the npm package `@octokit/openapi`, fetched into `tests/.cache/` when it is first needed and never
kept with the source. It describes the newest of GitHub's API versions.
"""

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

from bot.offline.github import Exchange
from tests.offline.graphql_schema import judge_query
from tests.offline.published import published_file

PACKAGE = "@octokit/openapi@23.0.2"
_LONG = ("ref", "path", "basehead", "branch", "name")
"""Parts of a path that may hold slashes, whether the description says so or not."""
_COMMENTS = "/repos/{owner}/{repo}/pulls/{pull_number}/comments"
_FLAWS = {
    "GET /app/installations 200": {"account"},
    f"GET {_COMMENTS} 200": {"line", "position"},
    f"POST {_COMMENTS}/{{comment_id}}/replies 201": {"line", "position"},
    "GET /repos/{owner}/{repo}/pulls/comments/{comment_id} 200": {"line", "position"},
    "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/comments 200": {"line"},
}
"""Where the description errs: an account has to be a user and an enterprise at once; the line of a comment whose line
newer commits changed is null, which is not foreseen."""
_METHODS = ("get", "post", "put", "patch", "delete")


def openapi_file() -> Path:
    """The description on disk, as `published_file` gets it."""
    return published_file(PACKAGE, "package/generated/api.github.com.json")


def _as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 to JSON schema: `nullable` becomes a type of its own."""
    if isinstance(node, list):
        return [_as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    schema = {key: _as_json_schema(value) for key, value in node.items() if key not in ("example", "examples")}
    if node.get("nullable") is not True:
        return schema
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return schema
    return {"anyOf": [schema, {"type": "null"}]}


class OpenApiChecker:
    """Each check returns what is wrong, an empty list if nothing is; `problems` gathers what `observe` found."""

    def __init__(self, file: Path) -> None:
        self._spec = json.loads(file.read_bytes())
        self.problems: list[str] = []
        self.seen: set[tuple[str, str]] = set()
        self._validators: dict[str, jsonschema_rs.Draft4Validator] = {}

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str, set[str]]]:
        rows = []
        for template, item in self._spec["paths"].items():
            named = [self._resolve(p) for m in _METHODS for p in item.get(m, {}).get("parameters", [])]
            multi = {p["name"] for p in named if p.get("x-multi-segment") or p["name"] in _LONG}
            parts = re.split(r"\{(\w+)\}", template)
            kinds = [".*" if name in multi else "[^/]+" for name in parts[1::2]]
            pattern = "".join(re.escape(text) + kind for text, kind in zip(parts[::2], [*kinds, ""], strict=True))
            rows.append((re.compile(pattern), template, multi))
        return sorted(rows, key=lambda row: (len(row[2]), row[1].count("{"), -len(row[1])))

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._spec
            for part in node["$ref"].split("/")[1:]:
                target = target[part]
            node = target
        return node

    @cached_property
    def _registry(self) -> jsonschema_rs.Registry:
        return jsonschema_rs.Registry(
            [("urn:github", {"components": _as_json_schema(self._spec["components"])})], draft=jsonschema_rs.Draft4
        )

    def _errors(self, key: str, schema: dict[str, Any], body: Any) -> list[str]:
        if key not in self._validators:
            text = json.dumps(_as_json_schema(schema)).replace('"#/components/', '"urn:github#/components/')
            self._validators[key] = jsonschema_rs.Draft4Validator(json.loads(text), registry=self._registry)
        found = [
            e for e in self._validators[key].iter_errors(body) if not _FLAWS.get(key, set()) & set(e.instance_path)
        ]
        return [f"{key}: /{'/'.join(map(str, e.instance_path))}: {e.message[:300]}" for e in found]

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        for pattern, template, _ in self._paths:
            operation = self._spec["paths"][template].get(method.lower())
            if operation and pattern.fullmatch(path):
                return template, operation
        return None

    def check_request(self, method: str, path: str, body: Any, query: str = "") -> list[str]:
        """What is wrong with a request: its path, the names in its query, its body."""
        found = self._operation(method, path)
        if found is None:
            return [f"{method} {path}: GitHub has no such operation"]
        template, operation = found
        key = f"{method} {template}"
        named = {self._resolve(p)["name"] for p in operation.get("parameters", [])}
        problems = [f"{key}: no query parameter {name}" for name, _ in parse_qsl(query) if name not in named]
        declared = operation.get("requestBody")
        if body is None:
            return problems + ([f"{key}: a body is required"] if declared and declared.get("required") else [])
        if declared is None:
            return [*problems, f"{key}: takes no body"]
        schema = declared["content"]["application/json"]["schema"]
        return problems + self._errors(key + " request", schema, body) + self._unknown(key, schema, body)

    def _unknown(self, key: str, schema: dict[str, Any], body: Any) -> list[str]:
        fields = self._resolve(schema).get("properties")
        return [f"{key}: no field {name}" for name in body if name not in fields] if fields and body else []

    def check_response(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer: a status GitHub does not document here, a body of another shape."""
        found = self._operation(method, path)
        if found is None:
            return [f"{method} {path}: GitHub has no such operation"]
        template, operation = found
        self.seen.add((method, template))
        key = f"{method} {template} {status}"
        declared = operation["responses"].get(str(status))
        content = self._resolve(declared or {}).get("content", {}).get("application/json")
        if content is None and status in (400, 401, 403, 404, 422) and body is not None:
            return self._errors(key, {"$ref": "#/components/schemas/basic-error"}, body)
        if declared is None:
            return [f"{key}: GitHub documents no such status"]
        if content is None:
            return [] if body is None else [f"{key}: has no body"]
        return self._errors(key, content["schema"], body)

    def check_webhook(self, event: str, action: str | None, payload: Any) -> list[str]:
        """What is wrong with a webhook's payload."""
        name = "-".join(part.replace("_", "-") for part in (event, action) if part)
        declared = self._spec["x-webhooks"].get(name)
        if declared is None:
            return [f"GitHub has no webhook {name}"]
        return self._errors(
            f"webhook {name}", declared["post"]["requestBody"]["content"]["application/json"]["schema"], payload
        )

    def observe(self, exchange: Exchange) -> None:
        """For `LocalGitHub(observer=...)`."""
        self.problems += self.judge(exchange)

    def judge(self, exchange: Exchange) -> list[str]:
        """What is wrong with an exchange: what was refused was not a good request, all else must be."""
        if exchange.path == "/graphql":
            return judge_query(exchange)
        e, found = exchange, []
        if e.status < 400:
            found += self.check_request(e.method, e.path, e.request, e.query)
        if e.status != 404 or self._operation(e.method, e.path):
            found += self.check_response(e.method, e.path, e.status, e.response)
        return found
