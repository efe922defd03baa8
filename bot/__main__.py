"""`python -m bot` is `devflow`."""

import sys

if sys.argv[1:] == ["action"]:
    # A job waits for this one: what draws help and tables is not loaded for it.
    from bot.action import run_action

    raise SystemExit(run_action())

from bot.cli import main

main()
