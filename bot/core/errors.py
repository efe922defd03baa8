"""The one error whose text is meant for people; every other error is logged, never posted."""


class BotError(Exception):
    """Something a person can mend: `message` names the cause, `hint` the next step, both ready to be shown."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
