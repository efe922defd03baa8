"""What is measured, as `bench.json` has it."""

import json
from collections.abc import Sequence

Row = dict[str, object]


def bench_row(area: str, case: str, ours: float | None, baseline: float | None = None, unit: str = "%") -> Row:
    """One thing measured, beside the baseline of the same run; None where it was not measured."""
    ratio = round(ours / baseline, 3) if ours is not None and baseline else None
    ours, baseline = (None if value is None else round(value, 3) for value in (ours, baseline))
    return {"area": area, "case": case, "ours": ours, "baseline": baseline, "ratio": ratio, "unit": unit}


def print_rows(measured: Sequence[Row], seconds: float, *, as_json: bool) -> None:
    """A line for each, and how long it took; or all as JSON."""
    if as_json:
        print(json.dumps(measured, indent=2))
        return
    for one in measured:
        print(f"{one['case']:75} {one['ours']!s:>10} {one['baseline']!s:>10} {one['ratio']!s:>7} {one['unit']}")
    print(f"{seconds:.0f} s")
