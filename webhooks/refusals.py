"""Why a delivery is turned away: what is answered, and the word it is counted under."""

from dataclasses import dataclass
from http import HTTPStatus

Field = tuple[bytes, bytes]

_CLOSE: Field = (b"connection", b"close")
_RETRY: Field = (b"retry-after", b"30")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` is one of a few fixed words, `sentence` tells the sender what to change."""

    status: HTTPStatus
    reason: str
    sentence: str
    fields: tuple[Field, ...] = ()


class RefusedError(Exception):
    """Raised where a check fails, answered in one place."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


METHOD = Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "method", "Deliveries are sent with POST.", ((b"allow", b"POST"),))
TOO_LARGE = Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", "A delivery has at most 25 MB.", (_CLOSE,))
TOO_SLOW = Refusal(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "The body took too long to come.", (_CLOSE,))
NO_EVENT = Refusal(
    HTTPStatus.BAD_REQUEST, "event_header", "X-GitHub-Event is missing or malformed: this is not a GitHub delivery."
)
NO_DELIVERY = Refusal(
    HTTPStatus.BAD_REQUEST,
    "delivery_header",
    "X-GitHub-Delivery is missing or malformed: this is not a GitHub delivery.",
)
NO_SIGNATURE = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "no_signature",
    "X-Hub-Signature-256 is missing: enter the secret in the webhook's settings on GitHub.",
)
BAD_SIGNATURE = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "bad_signature",
    "The signature does not match: the webhook's secret and DEVFLOW_WEBHOOK_SECRET differ.",
)
FORM = Refusal(
    HTTPStatus.BAD_REQUEST,
    "form",
    "The webhook sends forms: set its content type to application/json in the webhook's settings on GitHub.",
)
NOT_JSON = Refusal(HTTPStatus.BAD_REQUEST, "not_json", "The body is not a JSON object.")
BUSY = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too many deliveries wait; this one can be redelivered.", (_RETRY, _CLOSE)
)
NOT_STORED = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "not_stored",
    "The delivery cannot be stored now; it can be redelivered.",
    (_RETRY,),
)
