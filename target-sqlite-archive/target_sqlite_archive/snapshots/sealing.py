"""Compresses lines with zstd and encrypts them with age, and the other way round; in little memory.

What comes out is what the stock programs `zstd` and `age` read and write. Encryption is pyrage's,
which the extra `age` of this package installs.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from target_sqlite_archive.snapshots.form import BadLineError, SnapshotError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_AGE, _ZSTD = b"age-encryption.org/", b"\x28\xb5\x2f\xfd"
_AT_ONCE = 256 * 1024
_PARAMETER = zstd.CompressionParameter
_OPTIONS: dict[int, int] = {_PARAMETER.compression_level: 9, _PARAMETER.checksum_flag: 1}


class Recipients:
    """Who may open a snapshot: `age1…`, or the public SSH keys that age takes.

    Raises :class:`SnapshotError` for what is neither.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Read the keys; none stand for a snapshot that anybody may open."""
        self._keys: list[object] = []
        for text in texts:
            pyrage = _pyrage()
            read = pyrage.ssh.Recipient if text.startswith("ssh-") else pyrage.x25519.Recipient
            try:
                self._keys.append(read.from_str(text))
            except pyrage.RecipientError as error:
                raise SnapshotError(
                    "A --recipient is no public key of age. It begins with `age1` and is printed "
                    "by `age-keygen -y`."
                ) from error

    def seal(self, lines: Iterable[bytes], file: BinaryIO) -> None:
        """Write lines into a file."""
        source = _Source(_compressed(lines))
        if not self._keys:
            while part := source.read(_AT_ONCE):
                file.write(part)
            return
        pyrage = _pyrage()
        try:
            pyrage.encrypt_io(source, file, self._keys)
        except pyrage.EncryptError as error:
            # What went wrong while lines were made is not the library's to tell.
            raise source.failure or error from error
        if source.failure is not None:
            raise source.failure


class Identities:
    """The secret keys of who opens a snapshot; raises :class:`SnapshotError` for what is none."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Read identity files, as `age-keygen` writes them, and secret SSH keys."""
        self._keys: list[object] = []
        for path in paths:
            self._keys += self._read(path)

    @staticmethod
    def _read(path: Path) -> Iterator[object]:
        pyrage = _pyrage()
        try:
            content = path.read_bytes()
            if content.startswith(b"-----BEGIN"):
                yield pyrage.ssh.Identity.from_buffer(content)
                return
            for line in content.decode().splitlines():
                if line.strip() and not line.startswith("#"):
                    yield pyrage.x25519.Identity.from_str(line.strip())
        except OSError as error:
            raise SnapshotError(
                f"Cannot read the identity file {path}: {error.strerror}. Give the path of a file "
                "that `age-keygen` has written."
            ) from error
        except (pyrage.IdentityError, UnicodeDecodeError) as error:
            raise SnapshotError(
                f"{path} has a line that is no secret key of age. Give the path of a file that "
                "`age-keygen` has written."
            ) from error

    def unseal(self, file: BinaryIO, take: Callable[[bytes], None]) -> None:
        """Give each line of a snapshot to ``take``.

        Raises :class:`SnapshotError` where no key opens it, :class:`BadLineError` where it is cut,
        changed, or no snapshot at all, and whatever ``take`` raises.
        """
        head = file.read(len(_AGE))
        file.seek(0)
        lines = _Lines(take)
        if head.startswith(_ZSTD):
            while part := file.read(_AT_ONCE):
                lines.write(part)
        elif head == _AGE:
            self._decrypt(file, lines)
        else:
            raise BadLineError("it is neither encrypted by age nor compressed by zstd")
        lines.end()

    def _decrypt(self, file: BinaryIO, lines: _Lines) -> None:
        if not self._keys:
            raise SnapshotError(
                "The snapshot is encrypted. Nothing was changed. Give the file with your secret "
                "key by --identity."
            )
        pyrage = _pyrage()
        try:
            pyrage.decrypt_io(file, lines, self._keys)
        except pyrage.DecryptError as error:
            if "No matching keys" in str(error):
                raise SnapshotError(
                    "No key in the identity files opens this snapshot. Nothing was changed. Give "
                    "the key of one of its recipients by --identity."
                ) from error
            raise BadLineError("age cannot read its beginning") from error
        except OSError as error:
            raise BadLineError("age finds it cut or changed") from error


class _Source:
    """What compresses as a file to be read."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""
        self.failure: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                self._left = next(self._parts)
        except StopIteration:
            return b""
        except BaseException as error:
            self.failure = error
            raise
        most = len(self._left) if size < 0 else size
        part, self._left = self._left[:most], self._left[most:]
        return part


class _Lines:
    """What takes lines as a file to be written."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._decompressor = zstd.ZstdDecompressor()
        self._left: list[bytes] = []

    def write(self, data: bytes) -> int:
        given = bytes(data)
        try:
            while given or not (self._decompressor.needs_input or self._decompressor.eof):
                if self._decompressor.eof:
                    raise BadLineError("something follows its end")
                self._split(self._decompressor.decompress(given, _AT_ONCE))
                given = b""
        except zstd.ZstdError as error:
            raise BadLineError("zstd finds it changed") from error
        if self._decompressor.eof and self._decompressor.unused_data:
            raise BadLineError("something follows its end")
        return len(data)

    def flush(self) -> None:
        """Be a file."""

    def end(self) -> None:
        if not self._decompressor.eof or any(self._left):
            raise BadLineError("it is cut")

    def _split(self, text: bytes) -> None:
        first, *more = text.split(b"\n")
        self._left.append(first)
        for part in more:
            self._take(b"".join(self._left) + b"\n")
            self._left = [part]


def _compressed(lines: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zstd.ZstdCompressor(options=_OPTIONS)
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= _AT_ONCE:
            yield compressor.compress(b"".join(waiting))
            waiting, size = [], 0
    yield compressor.compress(b"".join(waiting), zstd.ZstdCompressor.FLUSH_FRAME)


def _pyrage() -> ModuleType:
    try:
        return importlib.import_module("pyrage")
    except ImportError as error:
        raise SnapshotError(
            "Encrypting and decrypting need the library pyrage: "
            "pip install 'target-sqlite-archive[age]'."
        ) from error
