"""Two numbers of one sentence, written so that a reader sees that they differ."""

import math

DIGITS = 4
MOST_DECIMALS = 15


def apart(first: float, second: float) -> tuple[str, str]:
    """Both with the same decimals: DIGITS significant digits, more where they would look equal."""
    largest = max(abs(first), abs(second)) or 1.0
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(largest)))
    while f"{first:.{decimals}f}" == f"{second:.{decimals}f}" and decimals < MOST_DECIMALS:
        decimals += 1
    return f"{first:.{decimals}f}", f"{second:.{decimals}f}"


def beside(found: float, limit: float) -> str:
    """What was found, for a sentence that has the limit as the user wrote it."""
    return apart(found, limit)[0]


def percent(found: float, limit: float) -> str:
    """The same of shares."""
    return f"{beside(100 * found, 100 * limit)} %"
