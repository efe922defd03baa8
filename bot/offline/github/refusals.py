"""How GitHub says no: a status, a message, and for wrong fields a list of errors."""

from collections.abc import Sequence

from bot.offline.github.gitstore import GitError

DOCUMENTATION = "https://docs.github.com/rest"
BODY_LIMIT = 65_536
TITLE_LIMIT = 256


class RefusalError(Exception):
    """An answer that is an error; `errors` name what is wrong with a request's fields."""

    def __init__(self, status: int, message: str, errors: Sequence[dict[str, str] | str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = list(errors) if errors else None


def not_found() -> RefusalError:
    """For what is not there, and for what the caller may not know to be there."""
    return RefusalError(404, "Not Found")


def invalid(resource: str, code: str, field: str = "", message: str = "") -> RefusalError:
    """`Validation Failed`, with the one reason."""
    error = {"resource": resource, "code": code, "field": field, "message": message}
    return RefusalError(422, "Validation Failed", [{key: value for key, value in error.items() if value}])


def git_refused(fault: GitError) -> RefusalError:
    return RefusalError(422, str(fault))


def check_text(resource: str, field: str, text: str, limit: int) -> None:
    """Refuse a text that is blank or longer than `limit` characters."""
    if not text.strip() and field != "body":
        raise invalid(resource, "missing_field", field)
    if len(text) > limit:
        raise invalid(resource, "custom", field, f"{field} is too long (maximum is {limit} characters)")
