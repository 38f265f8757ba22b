"""Rows of the table: what the workspace has written down for customers, teammates and Fin."""

from __future__ import annotations

from tap_intercom_archive.inline import always, is_true
from tap_intercom_archive.resources.types import REFERENCE, Cut, Each, FollowUp, Listing, Resource

_ARTICLES = "Read and list articles"
_AI = "AI content (not documented)"
_NEWS = "Read and list news items and newsfeeds"
_HELP_CENTERS = Listing("/help_center/help_centers", "data")
_NEWSFEEDS = Listing("/news/newsfeeds", "data", "told", None)

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
        single="/articles/{id}",
        cuts=(
            Cut(
                "article_versions",
                ("id",),
                follow_up=FollowUp(
                    Listing("/articles/{each}/versions", "data", "page", None),
                    always,
                    f"{REFERENCE}/articles/listarticleversions",
                    hydrate="/articles/{each}/versions/{id}",
                ),
                selected=False,
                since="2.16",
                cost="1 for each changed article, 1 for each of its versions",
            ),
            Cut(
                "article_drafts",
                ("id",),
                follow_up=FollowUp(
                    Listing("/articles/{each}/draft", "", "object"),
                    is_true("has_unpublished_changes"),
                    f"{REFERENCE}/articles/retrievearticledraft",
                ),
                retires=True,
                selected=False,
                since="2.16",
                cost="1 for each changed article with a draft",
            ),
        ),
        overlap_setting="articles_overlap_pages",
        scope=_ARTICLES,
        cost="1 for each 150 read",
        docs=f"{REFERENCE}/articles/listarticles",
    ),
    Resource(
        "internal_articles",
        method="full",
        listing=Listing("/internal_articles", "data", "told", None),
        scope=_ARTICLES,
        cost="2 a run for each 25",
        docs=f"{REFERENCE}/internal-articles/listinternalarticles",
        selected=False,
        since="2.13",
    ),
    Resource(
        "help_centers",
        method="full",
        listing=_HELP_CENTERS,
        bounded=False,
        scope=_ARTICLES,
        cost="2 a run",
        docs=f"{REFERENCE}/help-center/listhelpcenters",
        selected=False,
    ),
    Resource(
        "help_center_redirects",
        method="full",
        listing=Listing(
            "/help_center/help_centers/{each}/redirects",
            "data",
            "page",
            150,
            each=Each(listing=_HELP_CENTERS),
        ),
        scope="Read help center redirects",
        cost="2 a run, and 2 for each help center",
        docs=f"{REFERENCE}/help-center/listhelpcenterredirects",
        selected=False,
        since="2.16",
    ),
    Resource(
        "content_snippets",
        method="full",
        listing=Listing("/content_snippets", "data", "page", 50),
        scope="Read content snippets (not documented)",
        cost="2 a run for each 50",
        docs=f"{REFERENCE}/content-snippets/listcontentsnippets",
        selected=False,
        since="2.16",
    ),
    Resource(
        "content_import_sources",
        method="full",
        listing=Listing("/ai/content_import_sources", "data", "told", None),
        bounded=False,
        scope=_AI,
        cost="2 a run for each 50",
        docs=f"{REFERENCE}/ai-content/listcontentimportsources",
        selected=False,
        since="2.12",
    ),
    Resource(
        "external_pages",
        method="full",
        listing=Listing("/ai/external_pages", "data", "told", None),
        scope=_AI,
        cost="2 a run for each 50",
        docs=f"{REFERENCE}/ai-content/listexternalpages",
        selected=False,
        since="2.12",
    ),
    Resource(
        "macros",
        method="full",
        listing=Listing("/macros", "data", "cursor", 150),
        scope="Read conversations",
        cost="2 a run for each 150",
        docs=f"{REFERENCE}/macros/listmacros",
        selected=False,
        since="2.16",
    ),
    Resource(
        "news_items",
        method="full",
        listing=Listing("/news/news_items", "data", "told", None),
        scope=_NEWS,
        cost="2 a run for each 10",
        docs=f"{REFERENCE}/news/listnewsitems",
        selected=False,
    ),
    Resource(
        "newsfeeds",
        method="full",
        listing=_NEWSFEEDS,
        bounded=False,
        scope=_NEWS,
        cost="2 a run for each 10",
        docs=f"{REFERENCE}/news/listnewsfeeds",
        selected=False,
    ),
    Resource(
        "newsfeed_items",
        method="full",
        listing=Listing(
            "/news/newsfeeds/{each}/items",
            "data",
            "told",
            None,
            each=Each(listing=_NEWSFEEDS),
        ),
        keys=("newsfeed_id", "id"),
        bounded=False,
        scope=_NEWS,
        cost="2 a run, and 2 for each newsfeed and 20 items",
        docs=f"{REFERENCE}/news/listlivenewsfeeditems",
        selected=False,
    ),
)
