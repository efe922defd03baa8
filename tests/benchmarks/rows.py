"""What is measured, as `bench.json` has it."""

Row = dict[str, object]


def bench_row(area: str, case: str, ours: float | None, baseline: float | None = None, unit: str = "%") -> Row:
    """One thing measured, beside the baseline of the same run; None where it was not measured."""
    ratio = round(ours / baseline, 3) if ours is not None and baseline else None
    ours, baseline = (None if value is None else round(value, 3) for value in (ours, baseline))
    return {"area": area, "case": case, "ours": ours, "baseline": baseline, "ratio": ratio, "unit": unit}
