"""A document as one page of HTML that needs nothing else and can do nothing.

Every text is escaped, and the page's own policy forbids scripts, pictures and requests.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from target_sqlite_archive.documents.model import Attachment, Document, Entry
from target_sqlite_archive.output import clean, minute, one_line
from target_sqlite_archive.rendering.facts import file_facts, who

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# Following one of these can only open a page of the web, and run nothing.
_WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x20<>\"\\]+", re.ASCII)
_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.3rem; margin-bottom: 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .9rem }
dt, time, small { color: GrayText }
dd { margin: 0; overflow-wrap: anywhere }
article { border-left: .25rem solid #8888; padding: 0 0 0 .8rem; margin: 1rem 0 }
article.customer { border-color: #0a7ea4 }
article.teammate { border-color: #2e8b57 }
article.ai-agent, article.bot { border-color: #8a4fbf }
article.internal { background: #ffe9a833 }
p { white-space: pre-wrap; overflow-wrap: anywhere; margin: .2rem 0 }
ul { margin: .2rem 0 }
"""


def as_html(document: Document) -> str:
    """Give the whole page."""
    return "\n".join(_page(document)) + "\n"


def _page(document: Document) -> Iterator[str]:
    heading = _escaped(document.title or document.heading)
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_escaped(_POLICY)}">'
    yield '<meta name="referrer" content="no-referrer">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{_escaped(document.heading)}</title>"
    yield f"<style>{_STYLE}</style>"
    yield "<header>"
    yield f"<h1>{heading}</h1>"
    if document.title:
        yield f"<small>{_escaped(document.heading)}</small>"
    yield "<dl>"
    for label, value in document.facts:
        yield f"<dt>{_escaped(label)}</dt><dd>{_escaped(value)}</dd>"
    yield "</dl>"
    for note in document.notes:
        yield f"<p><strong>Note:</strong> {_escaped(note)}</p>"
    yield "</header>"
    yield "<main>"
    for entry in document.entries:
        yield from _entry(entry)
    yield "</main>"
    yield "</html>"


def _entry(entry: Entry) -> Iterator[str]:
    classes = [
        entry.role.value.lower().replace(" ", "-"),
        *(["internal"] if entry.internal else []),
    ]
    event = f" {_escaped(one_line(entry.event))}" if entry.event else ""
    yield f'<article class="{" ".join(classes)}">'
    yield f"<time>{_escaped(minute(entry.at))}</time>"
    yield f"<strong>{_escaped(who(entry))}</strong>{event}"
    if entry.text:
        yield f"<p>{_escaped(entry.text)}</p>"
    if entry.attachments:
        yield "<ul>"
        for file in entry.attachments:
            yield f"<li>{_file(file)}</li>"
        yield "</ul>"
    yield "</article>"


def _file(file: Attachment) -> str:
    known = file_facts(file)
    about = f" <small>{_escaped(known)}</small>" if known else ""
    if file.address is None or not _WEB_ADDRESS.fullmatch(file.address):
        return f"{_escaped(file.name)}{about}"
    return (
        f'<a href="{_escaped(file.address)}" rel="noopener noreferrer nofollow">'
        f"{_escaped(file.name)}</a>{about}"
    )


def _escaped(text: str) -> str:
    return html.escape(clean(text), quote=True)
