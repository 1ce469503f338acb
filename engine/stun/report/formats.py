"""Numbers as people read them. Sizes are decimal, as disks and networks are sold."""

from typing import Any

# A report as read from JSON; the page shows what is there and says what is not.
Json = dict[str, Any]

MISSING = "not measured"
# A number never parts from its unit at the end of a line.
NBSP = "\N{NO-BREAK SPACE}"
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size(count: float | None) -> str:
    if count is None:
        return MISSING
    value, unit = float(count), 0
    while value >= 999.5 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{value:.3g}{NBSP}{UNITS[unit]}"


def percent(share: float | None, digits: int = 1) -> str:
    return MISSING if share is None else f"{100 * share:.{digits}f}{NBSP}%"


def short_percent(share: float) -> str:
    """For an axis, where the numbers are round."""
    return f"{100 * share:.3g}{NBSP}%"


def change(share: float | None) -> str:
    return MISSING if share is None else f"{100 * share:+.2f}{NBSP}%"


def number(value: float | None) -> str:
    return MISSING if value is None else f"{value:.4g}"


def count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def short_count(value: float) -> str:
    """Of parameters: B is a billion, as in the names of models."""
    unit, power = ("B", 1e9) if value >= 1e9 else ("M", 1e6)
    return f"{value / power:.3g}{NBSP}{unit}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return MISSING
    if seconds < 59.95:
        return f"{seconds:.1f}{NBSP}s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}{NBSP}h {minutes}{NBSP}min"
    return f"{minutes}{NBSP}min {rest}{NBSP}s"


def rate(amount: float | None, seconds: float | None) -> str:
    """Bytes per second as GB/s; nothing took no time."""
    if amount is None or not seconds:
        return MISSING
    return f"{amount / seconds / 1e9:.3g}{NBSP}GB/s"


def ids(numbers: list[int]) -> str:
    """Ascending numbers with runs drawn together: 0-3, 7."""
    runs: list[list[int]] = []
    for each in numbers:
        if runs and each == runs[-1][-1] + 1:
            runs[-1].append(each)
        else:
            runs.append([each])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def limits(report: Json) -> Json:
    """What the recipe allows; empty where it allows everything."""
    found: Json = report.get("limits") or {}
    return found


def zero_share(layer: Json) -> float | None:
    """Measured, where the counts are known: a target is met to a whole entry per row only."""
    zeros, prunable = layer.get("zeros"), layer.get("prunable")
    if zeros is None or not prunable:
        return None
    return float(zeros / prunable)
