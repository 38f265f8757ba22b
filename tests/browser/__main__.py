"""Look at an archive's Datasette site, and at a page that `sqlite-archive show` wrote, in Chromium.

Needs a Chromium of the system and nothing else; without one it says so and leaves well. Chromium
loads a page, runs its scripts and prints what has become of it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from tests.pipeline import archive, programs
from tests.pipeline.conftest import tap_config
from tests.sandbox.process import Sandbox
from tests.target.harness import Archive
from tests.target.telling import conversation, declare

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OWNED = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
PATIENCE_SECONDS = 120


def main() -> None:
    """Run all checks; an AssertionError says what is not as it should be."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print(
            f"Skipped: none of {', '.join(BROWSERS)} is installed (Debian: apt install chromium)."
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        look_at_the_site(browser, Path(folder))
        look_at_a_page(browser, Path(folder))
    print(f"All well in {browser}.")


def look_at_the_site(browser: str, folder: Path) -> None:
    """A table is readable, its script has run, and a link leads to the row that is meant."""
    with Sandbox.start(seed=1, conversations=60) as sandbox:
        done = programs.archive_run(folder, tap_config(sandbox))
    assert (done.tap.code, done.target.code) == (0, 0), done.tap.err + done.target.err
    file = folder / "archive.db"
    with site(file, folder) as address:
        index = dom(browser, f"{address}/archive", folder)
        assert "A conversation, with its first message" in dom(
            browser, f"{address}/archive/conversations", folder
        )
        assert "Who has waited longest for our answer?" in index
        table = dom(
            browser, f"{address}/archive/conversations?admin_assignee_id__notblank=1", folder
        )
        # The site's own script puts a menu at each column's head.
        assert "dropdown-menu-icon" in table, "the scripts of the page did not run"
        link = re.search(r'<a href="(/archive/admins\?id__exact=(\d+))">([^<]+)</a>', table)
        assert link, "a teammate is no link"
        [admin] = archive.rows(file, "SELECT name FROM admins WHERE id = ?", link[2])
        assert link[3] == admin["name"]
        there = dom(browser, urljoin(address, link[1]), folder)
        assert "1 row" in there
        assert admin["name"] in there
    print("The Datasette site reads well, and its links lead to the rows that are meant.")


def look_at_a_page(browser: str, folder: Path) -> None:
    """A message that is a script stays a message."""
    hostile = Archive(folder)
    hostile.path = folder / "hostile.db"
    hostile.configure()
    hostile.feed(declare("conversations"), conversation("1", OWNED, "2026-01-01", title=OWNED))
    page = folder / "page.html"
    done = programs.run(
        programs.program("sqlite-archive"), "show", str(hostile.path), "1", "--html", str(page)
    )
    assert done.code == 0, done.err
    shown = dom(browser, page.as_uri(), folder)
    assert "<title>Conversation 1</title>" in shown
    assert "&lt;script&gt;" in shown
    # The same words as a page of their own do what the message wanted to.
    (folder / "open.html").write_text(f"<title>Conversation 1</title>{OWNED}", "utf-8")
    assert "<title>owned</title>" in dom(browser, (folder / "open.html").as_uri(), folder)
    print("A message that is a script stays a message.")


def dom(browser: str, address: str, folder: Path) -> str:
    """Give what has become of a page after its scripts have run."""
    flags = ["--headless", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium refuses the superuser otherwise.
    done = subprocess.run(
        [browser, *flags, "--virtual-time-budget=5000", "--dump-dom", address],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def site(file: Path, folder: Path) -> Iterator[str]:
    """Serve an archive with Datasette and its metadata; give the address."""
    told = programs.run(programs.program("sqlite-archive"), "datasette-metadata", str(file))
    metadata = programs.write_json(folder / "metadata.json", json.loads(told.out))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["datasette", str(file), "--metadata", metadata, "--port", str(port)]
    command += ["--setting", "sql_time_limit_ms", "60000"]
    server = subprocess.Popen(
        [programs.program(command[0]), *command[1:]],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stderr is not None
        said = []
        for line in server.stderr:
            said.append(line)
            if "running on" in line:
                break
        else:
            raise AssertionError(f"Datasette did not start: {''.join(said)}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate()


if __name__ == "__main__":
    main()
