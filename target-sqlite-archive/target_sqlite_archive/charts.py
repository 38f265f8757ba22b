"""Small charts and tables of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_WIDTH = 40


def bars(counts: Mapping[str, int]) -> Iterator[str]:
    """Give a line for each count: its name, a bar as long as it is large, the count."""
    most = max(counts.values(), default=0)
    longest = max(map(len, counts), default=0)
    for name, count in counts.items():
        eighths = round(count * _WIDTH * 8 / most) if most else 0
        # What is there at all is seen.
        eighths = max(eighths, 1 if count else 0)
        bar = "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
        yield f"{name:<{longest}}  {bar:<{_WIDTH}}  {count:,}".rstrip()


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    """Give rows with their columns in line; those numbered in ``right`` end there."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            f"{cell:>{width}}" if at in right else f"{cell:<{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
