"""A program inside the sandbox that leads a command to the proxy's socket. Needs the standard library alone.

`relay.py SOCKET PORT COMMAND...` listens on a loopback port, leaves a process that passes connections on to the socket,
and becomes the command.
"""

import contextlib
import os
import signal
import socket
import sys


def main(argv: list[str]) -> int:
    """Never returns unless the command cannot be started: 127, or 126 if it is there and may not be run."""
    path, port, *command = argv
    listener = socket.create_server(("127.0.0.1", int(port)), backlog=128)
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            _serve(listener, path)
        os._exit(0)
    os.waitpid(child, 0)
    listener.close()
    try:
        os.execvp(command[0], command)  # noqa: S606
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        return 126 if isinstance(error, PermissionError) else 127


def _serve(listener: socket.socket, path: str) -> None:
    """Pass connections on for as long as the sandbox lives; holds none of the command's streams open."""
    import asyncio

    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.write_eof()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_unix_connection(path)
            await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))
            far_writer.close()
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(pass_on, sock=listener)
        await server.serve_forever()

    try:
        asyncio.run(serve())
    finally:
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
