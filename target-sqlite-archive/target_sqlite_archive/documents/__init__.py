"""Objects of an archive as documents to read: conversations, calls, tickets, contacts, articles.

``model.py`` says what a document is, ``building.py`` makes one for an id; how it is printed is left
to ``rendering/``.
"""

from __future__ import annotations
