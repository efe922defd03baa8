"""How a verb of the local GitHub is done: under the lock, in a repository, by somebody."""

import contextlib
from collections.abc import Iterator

from bot.offline.github.state import Actor, Repository, World


class Acting:
    """What all verbs share."""

    _world: World

    @contextlib.contextmanager
    def _acting(self, repo: str, by: str) -> Iterator[tuple[World, Repository, Actor]]:
        with self._world.lock:
            yield self._world, self._world.repository(repo), self._world.actor(by)
