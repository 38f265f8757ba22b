"""The endpoints of what stands beside a conversation, an article, or all of the workspace."""

from __future__ import annotations

from . import pages, serialise
from .activity import LOG_PAGE
from .article_versions import draft_of
from .conversations import Conversation
from .errors import RefusedError, not_found
from .knowledge import Article
from .messages import Answer, Request
from .paging import numbered_page, whole_number
from .serving import Serving
from .side import make_handling_events, make_side_conversations
from .workspace import Workspace

_SIDE_DEFAULT, _SIDE_MOST = 25, 50
_VERSIONS_PAGE = 25
_ANY_PAGE = 10**9


class SideApi:
    """Answers these endpoints from a workspace."""

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        """Serve this workspace in this manner."""
        self._workspace = workspace
        self._serving = serving

    def _conversation(self, conversation_id: str) -> Conversation:
        index = self._workspace.index_of(conversation_id)
        if index is None:
            raise not_found("Conversation not found")
        return self._workspace.conversation(index)

    def side_conversations(self, request: Request, conversation_id: str) -> Answer:
        """`GET /conversations/{id}/side_conversations`."""
        workspace, conversation = self._workspace, self._conversation(conversation_id)
        threads = make_side_conversations(workspace.setting, conversation)
        query = request.query
        number = whole_number(query.get("page"), "page", 1, _ANY_PAGE)
        per_page = whole_number(query.get("per_page"), "per_page", _SIDE_DEFAULT, _SIDE_MOST)
        items = [
            serialise.encode(thread.document, str(thread.document["side_conversation_id"]))
            for thread in threads
        ]
        page = numbered_page(items, number, per_page)
        return pages.by_number(page, "side_conversation.list", "side_conversations")

    def handling_events(self, conversation_id: str) -> Answer:
        """`GET /conversations/{id}/handling_events`: a list without a type."""
        conversation = self._conversation(conversation_id)
        events = make_handling_events(self._workspace.setting, conversation)
        return Answer(serialise.encode({"handling_events": events}))

    def _article(self, article_id: str) -> Article:
        article = self._workspace.article(article_id)
        if article is None:
            raise not_found()
        return article

    def versions(self, request: Request, article_id: str) -> Answer:
        """`GET /articles/{id}/versions`: the newest first, without their texts."""
        number = whole_number(request.query.get("page"), "page", 1, _ANY_PAGE)
        items = [
            serialise.encode(version.summary(), version.id)
            for version in self._article(article_id).versions
        ]
        return pages.by_number(numbered_page(items, number, _VERSIONS_PAGE))

    def version(self, article_id: str, version_id: str) -> Answer:
        """`GET /articles/{id}/versions/{id}`."""
        for version in self._article(article_id).versions:
            if version.id == version_id:
                return Answer(serialise.encode(version.document, version.id))
        raise not_found()

    def draft(self, article_id: str) -> Answer:
        """`GET /articles/{id}/draft`; 404 where nothing is staged."""
        draft = draft_of(self._article(article_id))
        if draft is None:
            raise not_found()
        return Answer(serialise.encode(draft.document, f"draft {article_id}"))

    def activity_logs(self, request: Request) -> Answer:
        """`GET /admins/activity_logs`: between two times, the last first, twenty a page."""
        query = request.query
        if "created_at_after" not in query:
            raise RefusedError(400, "parameter_not_found", "created_at_after is missing")
        after, before = int(query["created_at_after"]), int(query.get("created_at_before", 10**10))
        if self._serving.inclusive:
            after, before = after - 1, before + 1
        logs = [log for log in self._workspace.activity if after < log["created_at"] < before]
        logs.sort(key=lambda log: (log["created_at"], log["id"]), reverse=True)
        number = whole_number(query.get("page"), "page", 1, _ANY_PAGE)
        items = [serialise.encode(log, str(log["id"])) for log in logs]
        page = numbered_page(items, number, LOG_PAGE)
        if self._workspace.seed % 2:
            return pages.by_number(page, "activity_log.list", "activity_logs")
        # Not as described, but as others have seen it.
        kept = {name: value for name, value in query.items() if name != "page"}
        return pages.by_link("activity_log.list", "activity_logs", page, request.path, kept)
