"""`make bench`: every benchmark in one run, a table on the terminal, all rows in `bench.json`."""

import argparse
import json
import logging
from collections.abc import Callable
from pathlib import Path

import structlog
from rich.console import Console
from rich.table import Table

from tests.benchmarks import (
    action,
    batch,
    compress,
    ingress,
    memory,
    price,
    process,
    routing,
    scheduling,
    tokens,
    whole_run,
)
from tests.benchmarks.rows import Row

AREAS: dict[str, Callable[[], list[Row]]] = {
    "ingress": ingress.rows,
    "run": whole_run.rows,
    "batch": batch.rows,
    "process": process.rows,
    "action": action.rows,
    "memory": memory.rows,
    "compress": compress.rows,
    "routing": routing.rows,
    "scheduling": scheduling.rows,
    "price": price.rows,
    "tokens": tokens.rows,
}


def main() -> None:
    """Measure the areas that are asked for; all of them by default."""
    parser = argparse.ArgumentParser(description="Measure Devflow against baselines of the same run.")
    parser.add_argument("areas", nargs="*", choices=[[], *AREAS], default=[])
    parser.add_argument("--json", type=Path, default=Path("bench.json"))
    arguments = parser.parse_args()
    console = Console()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    rows: list[Row] = []
    for area in arguments.areas or AREAS:
        with console.status(f"measuring {area} ..."):
            rows += AREAS[area]()
    table = Table(box=None, pad_edge=False)
    for name in ("area", "case", "ours", "baseline", "ratio", "unit"):
        table.add_column(name, justify="right" if name in {"ours", "baseline", "ratio"} else "left")
    for row in rows:
        table.add_row(*(_cell(row[name]) for name in ("area", "case", "ours", "baseline", "ratio", "unit")))
    console.print(table)
    arguments.json.write_text(json.dumps(rows, indent=2) + "\n")
    console.print(f"Written: {arguments.json}")


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
