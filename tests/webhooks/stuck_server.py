"""A server that takes deliveries and never gets to the end of one; prints its port."""

import asyncio
import sys
from pathlib import Path

from bot.core.repository import Delivery
from tests.webhooks.served import ExampleBot, opened
from webhooks.app import create_app, listen, server


async def never(_: Delivery) -> str:
    await asyncio.Event().wait()
    return ""


async def main(folder: Path) -> None:
    async with opened(folder) as store:
        site = create_app(ExampleBot(store, handle=never))
        with listen("127.0.0.1", 0) as listener:
            print(listener.getsockname()[1], flush=True)
            await server(site).serve(sockets=[listener])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
