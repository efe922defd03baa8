"""What people and checks want changed in one of our pull requests, as it stood when a run began."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Said:
    """One comment of a thread; `ours` is an answer that we gave."""

    id: int
    author: str
    text: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class ThreadWish:
    """An open thread. `name` is what agents call it, `first` the comment that answers go to.

    `upto` is the newest comment that counts: what is said later is the next run's business.
    """

    name: str
    id: str
    path: str
    line: int | None
    hunk: str
    first: int
    upto: int
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class ReviewWish:
    """The words of a review that requests changes."""

    id: int
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class CheckWish:
    """A check that failed, with what it said."""

    name: str
    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Wishes:
    """All that a revision has to heed. `known` are checks that fail on the base, too, and are left alone."""

    threads: tuple[ThreadWish, ...] = ()
    reviews: tuple[ReviewWish, ...] = ()
    checks: tuple[CheckWish, ...] = ()
    known: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.threads or self.reviews or self.checks)
