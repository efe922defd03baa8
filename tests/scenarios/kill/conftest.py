"""The stories that the chosen tests ask for, under way side by side."""

from collections.abc import Iterator

import pytest

from tests.scenarios.kill.killings import Killings


@pytest.fixture(scope="session")
def killings(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Killings]:
    """All that is asked for by a parameter `tale` begins now; the tests wait for their own."""
    made = Killings(tmp_path_factory.mktemp("kill"))
    for item in request.session.items:
        tale = (
            item.callspec.params.get("tale")
            if isinstance(item, pytest.Function) and hasattr(item, "callspec")
            else None
        )
        if callable(tale):
            made.start(tale)
    yield made
    made.close()
