"""The commands of `sqlite-archive`, one module each; ``cli.py`` ties them together."""

from __future__ import annotations
