"""The ceiling for storage: every payload as served, in one file, by `xz -9`.

`python -m tests.benchmarks.plain.squeeze POOL COUNT` says on its last line how many bytes so many
conversations of a pool are, before and after.
"""

from __future__ import annotations

import json
import lzma
import sys
from pathlib import Path

from tests.benchmarks.made.pool import MARK, number_of, read_pool


def main() -> None:
    """Squeeze."""
    pool, count = read_pool(Path(sys.argv[1])), int(sys.argv[2])
    squeezer = lzma.LZMACompressor(preset=9)
    before = after = 0
    for index in range(count):
        whole = pool.whole[index % len(pool.whole)]
        payload = whole.replace(MARK.encode(), number_of(index).encode())
        before += len(payload)
        after += len(squeezer.compress(payload))
    after += len(squeezer.flush())
    print(json.dumps({"payloads": count, "bytes": before, "squeezed": after}))


if __name__ == "__main__":
    main()
