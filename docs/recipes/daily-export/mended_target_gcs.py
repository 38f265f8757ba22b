"""target-gcs 1.2.3 without two faults that lose or stop an export; all else is its own.

It ends its uploads while Python shuts down, behind the last state, where an upload that is refused
is no error. And it cannot write a fraction, or an integer beyond 64 bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time

import simplejson
from target_gcs.sinks import GCSSink
from target_gcs.target import TargetGCS


class MendedSink(GCSSink):
    """A stream's object, whose upload ends before the run's state goes out."""

    def process_record(self, record: Mapping[str, object], context: object) -> None:
        """Write a row as a line of JSON, numbers with all their digits."""
        line = simplejson.dumps(record, use_decimal=True, ensure_ascii=False, default=_text)
        self.gcs_write_handle.write(f"{line}\n".encode())

    def clean_up(self) -> None:
        """End the upload; raises what the storage says against it."""
        if self._gcs_write_handle:
            self._gcs_write_handle.close()
        super().clean_up()


def _text(value: date | time) -> str:
    """The SDK makes times of what the schema calls one."""
    return value.isoformat()


if __name__ == "__main__":
    TargetGCS.default_sink_class = MendedSink
    # A state before the end would be ahead of objects that are still open.
    TargetGCS._MAX_RECORD_AGE_IN_MINUTES = math.inf
    TargetGCS.cli()
