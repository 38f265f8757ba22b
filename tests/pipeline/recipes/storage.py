"""A Cloud Storage on loopback: as much of its JSON API as Google's own client libraries use.

Point them at it by `STORAGE_EMULATOR_HOST`. It knows nothing of what is stored.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, unquote, urlsplit

import google_crc32c

_RANGE = "bytes="


class Storage:
    """One bucket; `objects` are its bytes by name, `refuses` says whose upload it denies."""

    def __init__(self, bucket: str, refuses: Callable[[str], bool] = lambda name: False) -> None:
        """Stand ready; `with` starts it."""
        self.bucket = bucket
        self.objects: dict[str, bytes] = {}
        self.refuses = refuses
        self._uploads: dict[str, tuple[str, bytearray]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def names(self, prefix: str) -> list[str]:
        """Give the names of all objects below a prefix."""
        return sorted(name for name in self.objects if name.startswith(prefix))

    def told(self, name: str) -> bytes:
        """Give what the API tells of an object."""
        content = self.objects[name]
        crc32c = base64.b64encode(google_crc32c.Checksum(content).digest()).decode()
        told = {"name": name, "bucket": self.bucket, "size": str(len(content)), "crc32c": crc32c}
        return json.dumps(told).encode()

    def begin(self, name: str) -> str:
        """Open a resumable upload; gives its id."""
        upload = str(len(self._uploads))
        self._uploads[upload] = (name, bytearray())
        return upload

    def append(self, upload: str, body: bytes, *, last: bool) -> str:
        """Take a piece of an upload; the object is there from the last one on. Gives its name."""
        name, content = self._uploads[upload]
        content += body
        if last:
            self.objects[name] = bytes(content)
        return name

    def received(self, upload: str) -> int:
        """Give how many bytes of an upload have come."""
        return len(self._uploads[upload][1])

    def __enter__(self) -> Storage:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(storage: Storage) -> type[BaseHTTPRequestHandler]:
    bucket = f"/storage/v1/b/{storage.bucket}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            return

        def do_GET(self) -> None:
            path, query = self._asked()
            name = unquote(path.rpartition("/o/")[2])
            if path == bucket:
                self._give(200, json.dumps({"name": storage.bucket}).encode())
            elif path == f"{bucket}/o":
                listed = [json.loads(storage.told(n)) for n in storage.names(query["prefix"])]
                self._give(200, json.dumps({"items": listed}).encode())
            elif "/o/" not in path or name not in storage.objects:
                self._refuse(404, f"No such object: {storage.bucket}/{name}")
            elif path.startswith("/download/"):
                self._download(storage.objects[name])
            else:
                self._give(200, storage.told(name))

        def _download(self, content: bytes) -> None:
            asked = self.headers.get("Range", "")
            if not asked.startswith(_RANGE):
                self._give(200, content)
                return
            first, _, last = asked[len(_RANGE) :].partition("-")
            piece = content[int(first) : int(last) + 1 if last else None]
            if piece:
                end = int(first) + len(piece) - 1
                span = f"bytes {first}-{end}/{len(content)}"
                self._give(206, piece, {"Content-Range": span})
            else:
                self._refuse(416, "past the end")

        def do_POST(self) -> None:
            _, query = self._asked()
            name = query.get("name") or json.loads(self._body())["name"]
            if storage.refuses(name):
                self._refuse(403, f"no permission to create {name}")
            else:
                address = f"{storage.url}/upload?id={storage.begin(name)}"
                self._give(200, b"", {"Location": address})

        def do_PUT(self) -> None:
            _, query = self._asked()
            upload, total = query["id"], self.headers["Content-Range"].rpartition("/")[2]
            name = storage.append(upload, self._body(), last=total != "*")
            if total == "*":
                self._give(308, b"", {"Range": f"bytes=0-{storage.received(upload) - 1}"})
            else:
                self._give(200, storage.told(name))

        def do_DELETE(self) -> None:
            path, _ = self._asked()
            if storage.objects.pop(unquote(path.rpartition("/o/")[2]), None) is None:
                self._refuse(404, "No such object")
            else:
                self._give(204, b"")

        def _asked(self) -> tuple[str, dict[str, str]]:
            parts = urlsplit(self.path)
            return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _refuse(self, status: int, message: str) -> None:
            self._give(status, json.dumps({"error": {"message": message}}).encode())

        def _give(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response_only(status)
            told = {"Content-Type": "application/json", **(headers or {})}
            for name, value in {**told, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler
