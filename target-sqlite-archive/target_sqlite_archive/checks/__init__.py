"""What `sqlite-archive verify` proves, one module per kind of proof.

Each check is a function of an open archive that yields findings; running them is ``verify``'s.
"""

from __future__ import annotations
