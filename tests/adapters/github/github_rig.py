"""GitHub's side of the stories about its adapter: a clock that tests move, an installation, JSON as GitHub has it."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import respx

from bot.core.repository import Repo

API = "https://api.github.com"
SERVER = "https://github.com"
TOKEN = "ghp_0123456789secretsecret"
REPO = Repo("acme", "widget")
SHA = "a" * 40
OTHER = "b" * 40
JsonObject = dict[str, object]


class FakeClock:
    """Time that passes only while somebody sleeps; sleeps side by side pass it once."""

    def __init__(self) -> None:
        self.start = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
        self.passed = 0.0
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        until = self.passed + seconds
        await asyncio.sleep(0)
        self.passed = max(self.passed, until)

    def advance(self, seconds: float) -> None:
        self.passed += seconds

    def stamp(self, seconds: float) -> str:
        """That many seconds from now, as GitHub writes times."""
        return (self.now() + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Installed:
    """GitHub's side of an installation: mints numbered tokens and takes only the newest, if told so."""

    def __init__(self, api: respx.MockRouter, clock: FakeClock) -> None:
        self.clock = clock
        self.minted: list[str] = []
        self.lookup = api.get("/repos/acme/widget/installation").respond(200, json={"id": 7})
        self.mint = api.post("/app/installations/7/access_tokens").mock(side_effect=self._mint)
        api.get("/app").respond(200, json={"slug": "devflow", "id": 4242})

    async def _mint(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        self.minted.append(f"ghs_secret{len(self.minted) + 1}")
        return httpx.Response(201, json={"token": self.minted[-1], "expires_at": self.clock.stamp(3600)})


def comment_json(
    number: int, author: str = "devflow-user", body: str | None = "hello", kind: str = "User"
) -> JsonObject:
    return {
        "id": number,
        "body": body,
        "user": {"login": author, "id": 1, "type": kind},
        "html_url": f"https://github.com/acme/widget/issues/7#issuecomment-{number}",
        "created_at": "2026-05-04T11:00:00Z",
    }


def pull_json(number: int, branch: str = "devflow/1", repo: str | None = "acme/widget", **more: object) -> JsonObject:
    return {
        "number": number,
        "title": "Add limits",
        "body": None,
        "head": {"ref": branch, "sha": SHA, "repo": {"full_name": repo} if repo else None},
        "base": {"ref": "main", "sha": OTHER, "repo": {"full_name": "acme/widget"}},
        "state": "open",
        "draft": False,
        "html_url": f"https://github.com/acme/widget/pull/{number}",
        **more,
    }


def commit_json(sha: str, tree: str, parents: tuple[str, ...] = (), *, verified: bool = False) -> JsonObject:
    return {
        "sha": sha,
        "tree": {"sha": tree},
        "parents": [{"sha": parent} for parent in parents],
        "message": "Add limits",
        "verification": {"verified": verified, "reason": "valid"},
    }


def refusal(status: int, message: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
    """An answer of GitHub's that says no."""
    return httpx.Response(status, headers=headers, json={"message": message, "documentation_url": "https://x", **more})
