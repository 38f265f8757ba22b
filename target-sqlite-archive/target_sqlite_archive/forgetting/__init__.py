"""Forgetting a person or a conversation: who that is, where they are, and taking them out.

``whom.py`` finds what belongs to them, ``plan.py`` the rows and texts that have to go or to change,
``running.py`` does it in one transaction, ``erasing.py`` takes them out of rows and texts,
``renewing.py`` makes the dictionaries anew. What keeps them from coming back is ``tombstones.py``;
what a person sees is left to ``commands/forget.py``.
"""

from __future__ import annotations
