"""`python -m bot` is `devflow`."""

from bot.cli import main

main()
