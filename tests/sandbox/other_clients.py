"""Other clients of the same workspace, who use up its rate limit: evenly, or in bursts.

They are known by their number of requests alone; what they ask for is nobody's business.
"""

from __future__ import annotations

import random

from .limits import WINDOW_SECONDS, Others, nobody

_MOST_BURSTS = 3


def steady(number: int) -> Others:
    """`number` requests in every window, evenly spread over it."""
    return lambda window, seconds: int(number * min(1.0, seconds / WINDOW_SECONDS))


def bursts(number: int, seed: int) -> Others:
    """Up to `number` requests in a window, in a few bursts at moments fixed by seed and window."""
    if number == 0:
        return nobody

    def came(window: int, seconds: float) -> int:
        rng = random.Random(f"bursts {seed} {window}")
        count = rng.randint(0, _MOST_BURSTS)
        moments = [rng.uniform(0, WINDOW_SECONDS) for _ in range(count)]
        left, total = number, 0
        for moment in moments:
            size = rng.randint(0, left)
            left -= size
            total += size if moment <= seconds else 0
        return total

    return came


def choose_others(text: str, seed: int) -> Others:
    """The clients that `modes.read_others` let through."""
    manner, _, number = text.partition(":")
    if manner == "steady":
        return steady(int(number))
    return bursts(int(number), seed) if manner == "bursts" else nobody
