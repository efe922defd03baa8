"""The distribution holds what it promises and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_wheel_holds_exactly_bot_and_webhooks(tmp_path: Path) -> None:
    """Code, agents, pages, migrations and the demo's sample are in; tests are not."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("devflow_bot-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"bot", "webhooks"}
    for needed in (
        "bot/py.typed",
        "bot/defaults/agents/developer.md",
        "bot/offline/sample/rate-limit.yaml",
        "bot/offline/sample/repository/tests/test_app.py",
        "webhooks/templates",
        "bot/adapters/store/migrations",
    ):
        assert any(name.startswith(needed) for name in names), needed
    assert not [name for name in names if "__pycache__" in name]
