"""How fast something may be done when all who do it share one allowance."""


class Allowance:
    """`burst` times at once, then once in `seconds`. Who must not wait may take in advance; the others then wait."""

    def __init__(self, burst: int, seconds: float) -> None:
        self._burst = float(burst)
        self._seconds = seconds
        self._left = float(burst)
        self._at = 0.0

    def delay(self, now: float) -> float:
        """Seconds until it may be done once more; `now` is on a clock that only goes up."""
        self._fill(now)
        return max(0.0, (1.0 - self._left) * self._seconds)

    def take(self, now: float) -> None:
        """It is done now."""
        self._fill(now)
        self._left -= 1.0

    def _fill(self, now: float) -> None:
        self._left = min(self._burst, self._left + max(0.0, now - self._at) / self._seconds)
        self._at = max(self._at, now)
