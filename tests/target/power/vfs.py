"""Listens to SQLite's own file layer: every write, sync, truncation and deletion, in order.

The SQLite that Python's `sqlite3` has loaded is asked, through ctypes, to use its usual file layer
by another name, with four of its functions passing through here. So the code under test is the
real one and needs no hook. Reads, locks and the shared memory of the log are left as they are.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from tests.target.power.disk import Delete, Event, Sync, Truncate, Write


class _Layer(Structure):
    """The C struct `sqlite3_vfs`, version 3."""

    _fields_: ClassVar[Any] = [
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        *((f"other_{number}", c_void_p) for number in range(14)),
    ]


class _Methods(Structure):
    """The C struct `sqlite3_io_methods`, version 3."""

    _fields_: ClassVar[Any] = [
        ("version", c_int),
        ("close", c_void_p),
        ("read", c_void_p),
        ("write", c_void_p),
        ("truncate", c_void_p),
        ("sync", c_void_p),
        *((f"other_{number}", c_void_p) for number in range(13)),
    ]


class _File(Structure):
    """The head of every open file of SQLite's: where its functions are."""

    _fields_: ClassVar[Any] = [("methods", POINTER(_Methods))]


_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(_File), c_int, c_void_p)
_Remove = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_WriteTo = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TruncateTo = CFUNCTYPE(c_int, c_void_p, c_int64)
_SyncTo = CFUNCTYPE(c_int, c_void_p, c_int)


def _library() -> ctypes.CDLL:
    """The same library that Python's sqlite3 is linked with, or that is linked into Python."""
    return ctypes.CDLL(getattr(import_module("_sqlite3"), "__file__", None))


def reachable() -> bool:
    """Whether this Python's SQLite can be asked at all; some builds hide its functions."""
    return hasattr(_library(), "sqlite3_vfs_register")


class Listener:
    """Makes SQLite's default file layer tell ``hear`` what it does, for as long as this lives."""

    def __init__(self, hear: Callable[[Event], None]) -> None:
        self._hear = hear
        self._names: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}
        library = _library()
        library.sqlite3_vfs_find.restype = POINTER(_Layer)
        usual = library.sqlite3_vfs_find(None).contents
        self._layer = _Layer.from_buffer_copy(usual)
        self._layer.name = b"listening"
        self._open, self._delete = _Open(usual.open), _Remove(usual.delete)
        # ctypes keeps no reference to what it hands to C.
        self._callbacks: list[Any] = [_Open(self._on_open), _Remove(self._on_delete)]
        self._layer.open = cast(self._callbacks[0], c_void_p)
        self._layer.delete = cast(self._callbacks[1], c_void_p)
        if library.sqlite3_vfs_register(ctypes.byref(self._layer), 1):
            raise RuntimeError("SQLite did not take the file layer")

    def _on_open(self, layer: int, name: int | None, file: Any, flags: int, out: int) -> int:
        result = self._open(layer, name, file, flags, out)
        if result == 0 and name is not None and file.contents.methods:
            self._names[_address(file)] = _base(cast(name, c_char_p).value)
            file.contents.methods = ctypes.pointer(self._listening(file.contents.methods))
        return result

    def _on_delete(self, layer: int, name: bytes, durable: int) -> int:
        result = self._delete(layer, name, durable)
        if result == 0:
            self._hear(Delete(_base(name), bool(durable)))
        return result

    def _listening(self, usual: Any) -> _Methods:
        """The usual functions of a file, three of them passing through here."""
        known = _address(usual)
        if known in self._methods:
            return self._methods[known]
        methods = _Methods.from_buffer_copy(usual.contents)
        write, truncate = _WriteTo(methods.write), _TruncateTo(methods.truncate)
        sync = _SyncTo(methods.sync)

        def on_write(file: int, data: int, size: int, offset: int) -> int:
            result = write(file, data, size, offset)
            self._hear(Write(self._names[file], offset, ctypes.string_at(data, size)))
            return result

        def on_truncate(file: int, size: int) -> int:
            result = truncate(file, size)
            self._hear(Truncate(self._names[file], size))
            return result

        def on_sync(file: int, flags: int) -> int:
            result = sync(file, flags)
            if result == 0:
                self._hear(Sync(self._names[file]))
            return result

        callbacks = (_WriteTo(on_write), _TruncateTo(on_truncate), _SyncTo(on_sync))
        self._callbacks += callbacks
        methods.write, methods.truncate, methods.sync = (cast(c, c_void_p) for c in callbacks)
        self._methods[known] = methods
        return methods


def _address(pointer: Any) -> int:
    return cast(pointer, c_void_p).value or 0


def _base(name: bytes | None) -> str:
    return Path((name or b"").decode()).name
