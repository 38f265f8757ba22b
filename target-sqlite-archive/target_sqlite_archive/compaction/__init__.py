"""Making an archive small: what there is, which dictionaries it deserves, each text rewritten.

``survey.py`` looks and trains, ``rewriting.py`` puts smaller frames in the place of larger ones,
``space.py`` knows the disk, ``running.py`` ties them together. What a person sees is left to
``commands/compact.py``.
"""

from __future__ import annotations
