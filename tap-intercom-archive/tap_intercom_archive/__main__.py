"""The command `tap-intercom-archive`, also as `python -m tap_intercom_archive`."""

import gc
import sys

_INTERRUPTED = 130


def main() -> None:
    """Load the tap and run it."""
    # Objects and records make no cycles, and what is loaded stays: the collector would mostly
    # look at them in vain.
    gc.set_threshold(100_000, 20, 100)
    try:
        from tap_intercom_archive.tap import TapIntercomArchive
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    gc.freeze()
    TapIntercomArchive.cli()


if __name__ == "__main__":
    main()
