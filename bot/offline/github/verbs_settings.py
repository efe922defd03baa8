"""What owners set on GitHub's settings pages, as methods."""

from collections.abc import Sequence

from bot.offline.github.acting import Acting


class SettingVerbs(Acting):
    """Raises `KeyError` for what is not there."""

    def let_actions_open_pulls(self, repo: str, allowed: bool) -> None:
        """The setting "Allow GitHub Actions to create and approve pull requests"."""
        with self._world.lock:
            self._world.repository(repo).actions_open_pulls = allowed

    def let_actions_run(self, repo: str, allowed: bool) -> None:
        """The setting "Actions permissions"."""
        with self._world.lock:
            self._world.repository(repo).actions_run = allowed

    def archive(self, repo: str) -> None:
        """Have it read as archived; writes are not refused here."""
        with self._world.lock:
            self._world.repository(repo).archived = True

    def set_hook(self, *, content_type: str = "json", verified: bool = True) -> None:
        """How the webhook's settings read; deliveries go out as JSON all the same."""
        with self._world.lock:
            self._world.hooks.content_type, self._world.hooks.verified = content_type, verified

    def subscribe(self, app_id: int, events: Sequence[str]) -> None:
        """Which events an App's settings have ticked; all are sent all the same."""
        with self._world.lock:
            self._world.apps[app_id].events = list(events)

    def suspend(self, installation_id: int) -> None:
        """Have an installation read as suspended; its tokens work all the same."""
        with self._world.lock:
            for app in self._world.apps.values():
                for installation in app.installations:
                    if installation.id == installation_id:
                        installation.suspended_at = self._world.now()
                        return
        raise KeyError(f"no installation {installation_id}")

    def set_scopes(self, token: str, *scopes: str) -> None:
        """Make a personal token a classic one with these scopes, as GitHub tells them; they limit nothing here."""
        with self._world.lock:
            self._world.tokens[token].scopes = scopes
