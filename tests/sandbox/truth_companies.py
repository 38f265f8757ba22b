"""The rows that an archive must hold of companies, their segments and their notes."""

from __future__ import annotations

from .companies import Company, Note
from .people import INLINE_LIMIT, Document
from .truth_values import as_time, copied, inside


def company_row(company: Company) -> Document:
    """A row of `companies`."""
    document = company.document
    plain = (
        "id company_id app_id name size website industry session_count user_count custom_attributes"
    )
    times = ("remote_created_at", "last_request_at", "created_at", "updated_at")
    return (
        copied(document, plain)
        | {name: as_time(document[name]) for name in times}
        | {
            "monthly_spend": float(document["monthly_spend"]),
            "plan_id": inside(document, "plan", "id"),
            "plan_name": inside(document, "plan", "name"),
            "tag_ids": [tag["id"] for tag in document["tags"]["tags"]],
            "tag_names": [tag["name"] for tag in document["tags"]["tags"]],
            "segment_ids": [segment["id"] for segment in company.segments[:INLINE_LIMIT]],
        }
    )


def segment_rows(company: Company) -> list[Document]:
    """The rows of `company_segments`: all, however many the company itself shows."""
    return [{"company_id": company.id, "segment_id": segment["id"]} for segment in company.segments]


def note_row(note: Note) -> Document:
    """A note's row, without whom it is about."""
    document = note.document
    author = document["author"] or {}
    return copied(document, "id body") | {
        "body_text": note.text,
        "author_id": author.get("id"),
        "author_name": author.get("name"),
        "author_email": author.get("email"),
        "created_at": as_time(document["created_at"]),
    }


def note_rows(company: Company) -> list[Document]:
    """The rows of `company_notes`."""
    return [note_row(note) | {"company_id": company.id} for note in company.notes]
