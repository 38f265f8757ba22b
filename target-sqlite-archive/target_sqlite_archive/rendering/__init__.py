"""Documents as text for a terminal, as HTML, as Markdown; each makes texts safe its way."""

from __future__ import annotations
