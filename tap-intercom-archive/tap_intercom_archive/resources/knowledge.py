"""Rows of the table: what the workspace has written down for customers, teammates and Fin."""

from __future__ import annotations

from tap_intercom_archive.resources.types import REFERENCE, Listing, Resource

_ARTICLES = "Read and list articles"

ROWS: tuple[Resource, ...] = (
    Resource(
        "collections",
        method="full",
        listing=Listing("/help_center/collections", "data", "page", 150),
        scope=_ARTICLES,
        cost="2 a run for each 150",
        docs=f"{REFERENCE}/help-center/listallcollections",
    ),
    Resource(
        "articles",
        method="walk",
        listing=Listing("/articles", "data", "page", 150),
        overlap_setting="articles_overlap_pages",
        scope=_ARTICLES,
        cost="1 for each 150 read",
        docs=f"{REFERENCE}/articles/listarticles",
    ),
)
