"""A portable snapshot of an archive: JSON lines, compressed with zstd, encrypted with age.

``form.py`` says what the lines are, ``choosing.py`` which rows are wanted, ``writing.py`` makes
lines of an archive, ``restoring.py`` an archive of lines, ``sealing.py`` a file of lines.
"""

from __future__ import annotations
