"""Webhooks going out: signed, one after the other, each attempt in a log from which it can be sent again."""

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

HOOK_ID = 500_000_001
_UNREACHED = ("failed to connect to host", 502)
TIMEOUT_S = 10.0
"""GitHub gives up on a webhook after ten seconds: https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks"""


@dataclass(slots=True, eq=False)
class Delivery:
    """One attempt to deliver an event; attempts at the same event share their `guid`."""

    id: int
    guid: str
    event: str
    action: str | None
    body: bytes = field(repr=False)
    at: datetime
    installation_id: int | None = None
    repository_id: int | None = None
    redelivery: bool = False
    status: str = "pending"
    status_code: int = 0
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response: str = ""

    @property
    def payload(self) -> dict[str, Any]:
        """The body, parsed."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed

    @property
    def ok(self) -> bool:
        """Whether the receiver took it."""
        return 200 <= self.status_code < 300


class Hooks:
    """The one webhook of this GitHub. `down` makes every attempt fail, `dropping` so many of the next."""

    def __init__(self, now: Callable[[], datetime], new_id: Callable[[], int]) -> None:
        self.url: str | None = None
        self.secret = ""
        self.app_id: int | None = None
        self.content_type = "json"
        self.verified = True
        self.down = False
        self.dropping = 0
        self.deliveries: list[Delivery] = []
        self._now = now
        self._new_id = new_id
        self._worker: ThreadPoolExecutor | None = None
        # A new connection for each: one that is kept may be closed by the server while it is written to.
        fresh = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=TIMEOUT_S, trust_env=False, follow_redirects=False, limits=fresh)
        self.open()

    def open(self) -> None:
        """Deliver from now on; nothing happens if it is so already."""
        if self._worker is None:
            self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="local-github-hooks")

    def send(
        self,
        event: str,
        action: str | None,
        payload: dict[str, Any],
        installation_id: int | None = None,
        repository_id: int | None = None,
    ) -> Delivery:
        """Queue an event and return at once."""
        # As GitHub writes them: a relay that takes the JSON apart puts it together the same way.
        body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()
        guid = str(uuid.uuid4())
        return self._queue(
            Delivery(self._new_id(), guid, event, action, body, self._now(), installation_id, repository_id)
        )

    def redeliver(self, first: Delivery) -> Delivery:
        """Queue another attempt: the same GUID and body, a new id."""
        return self._queue(
            Delivery(
                id=self._new_id(),
                guid=first.guid,
                event=first.event,
                action=first.action,
                body=first.body,
                at=self._now(),
                installation_id=first.installation_id,
                repository_id=first.repository_id,
                redelivery=True,
            )
        )

    def _queue(self, delivery: Delivery) -> Delivery:
        self.deliveries.append(delivery)
        if self._worker:
            self._worker.submit(self._attempt, delivery)
        else:
            delivery.status, delivery.status_code = _UNREACHED
        return delivery

    def _attempt(self, delivery: Delivery) -> None:
        delivery.headers = self._headers(delivery)
        began = time.monotonic()
        if not self.url or self._dropped():
            delivery.status, delivery.status_code = _UNREACHED
            return
        try:
            response = self._client.post(self.url, content=delivery.body, headers=delivery.headers)
        except httpx.TimeoutException:
            delivery.status, delivery.status_code = "timed out", 504
        except httpx.HTTPError:
            delivery.status, delivery.status_code = _UNREACHED
        else:
            good = response.is_success
            delivery.status = "OK" if good else f"Invalid HTTP Response: {response.status_code}"
            delivery.response_headers, delivery.response = dict(response.headers), response.text
            delivery.status_code = response.status_code
        delivery.seconds = round(time.monotonic() - began, 2)

    def _dropped(self) -> bool:
        if self.dropping > 0:
            self.dropping -= 1
            return True
        return self.down

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        headers = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0000000",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": str(HOOK_ID),
            "X-GitHub-Hook-Installation-Target-ID": str(self.app_id or 0),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if self.secret:
            for name, algorithm in (("X-Hub-Signature", "sha1"), ("X-Hub-Signature-256", "sha256")):
                digest = hmac.new(self.secret.encode(), delivery.body, getattr(hashlib, algorithm)).hexdigest()
                headers[name] = f"{algorithm}={digest}"
        return headers

    def wait_idle(self, seconds: float) -> None:
        """Return when everything queued until now was attempted. Raises `TimeoutError`."""
        if self._worker:
            self._worker.submit(lambda: None).result(timeout=seconds)

    def close(self) -> None:
        """Drop what is queued and wait for the attempt under way; what is sent later is logged as failed."""
        worker, self._worker = self._worker, None
        if worker:
            worker.shutdown(wait=True, cancel_futures=True)
