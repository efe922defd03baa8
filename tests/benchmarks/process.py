"""What the program costs before it does anything: start-up of the command line, memory of an idle server."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path

from tests.benchmarks.rows import Row, bench_row
from tests.scenarios.rig import app_key

_row = partial(bench_row, "process")
DEVFLOW = [sys.executable, "-m", "bot"]


def rows() -> list[Row]:
    """Start-up against a bare interpreter, resident memory against one that imported the web framework alone."""
    bare = _seconds([sys.executable, "-c", "pass"])
    ours = _seconds([*DEVFLOW, "--help"])
    idle, framework = _idle_server_mb(), _import_mb("fastapi, uvicorn")
    return [
        _row("devflow --help", ours, bare, "s"),
        _row("idle server, resident memory", idle, framework, "MB"),
    ]


def _seconds(command: list[str], times: int = 7) -> float:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _import_mb(modules: str) -> float:
    pages = "int(open('/proc/self/statm').read().split()[1])"
    code = f"import {modules}, os; print({pages} * os.sysconf('SC_PAGE_SIZE') / 1e6)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def _idle_server_mb() -> float:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "DEVFLOW_STATE_DIR": folder,
            "DEVFLOW_WEBHOOK_SECRET": "s",
            "DEVFLOW_APP_ID": "1",
            "DEVFLOW_PRIVATE_KEY": app_key()[0],
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "ANTHROPIC_API_KEY": "none",
        }
        process = subprocess.Popen([*DEVFLOW, "serve", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
        try:
            _wait_ready(f"http://127.0.0.1:{port}/readyz")
            time.sleep(2)
            return resident_mb(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def _wait_ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
