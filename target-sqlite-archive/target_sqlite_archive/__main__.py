"""The command `target-sqlite-archive`, also as `python -m target_sqlite_archive`."""

import gc
import sys

_INTERRUPTED = 130


def main() -> None:
    """Load the target and run it."""
    # Rows make no cycles, and what is loaded stays: the collector would mostly look at them in
    # vain.
    gc.set_threshold(100_000, 20, 100)
    try:
        from target_sqlite_archive.target import TargetSQLiteArchive
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    gc.freeze()
    TargetSQLiteArchive.cli()


if __name__ == "__main__":
    main()
