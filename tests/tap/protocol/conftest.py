from __future__ import annotations

from functools import partial

import pytest

from tap_intercom_archive import searching
from tap_intercom_archive.windows import Rules


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a handful of objects fill a window, so that spans are cut."""
    monkeypatch.setattr(searching, "Rules", partial(Rules, window_objects=8))
