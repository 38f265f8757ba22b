"""Ten questions that an archive of Intercom answers, each as one query, as data.

The cookbook in the documentation and the ready queries of a Datasette site are made of these. A
name behind a colon is a parameter; ``tries`` has a value for each to try the query with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its answer as SQL, and what to know about it."""

    name: str
    asks: str
    sql: str
    note: str = ""
    tries: Mapping[str, str] = field(default_factory=dict)


QUESTIONS = (
    Question(
        "waiting_longest",
        "Who has waited longest for our answer?",
        """
SELECT conversation_id, waiting_since, contact_name, admin_name, team_name, title
FROM open_conversations
WHERE waiting_since IS NOT NULL
ORDER BY waiting_since
LIMIT 20
""",
        "`waiting_since` is empty once a teammate has answered.",
    ),
    Question(
        "reply_times_by_month",
        "How fast was the first answer, month by month?",
        """
WITH ranked AS (
  SELECT substr(created_at, 1, 7) AS month, seconds_to_first_admin_reply AS seconds,
    row_number() OVER (
      PARTITION BY substr(created_at, 1, 7) ORDER BY seconds_to_first_admin_reply
    ) AS place,
    count(*) OVER (PARTITION BY substr(created_at, 1, 7)) AS answered
  FROM response_times
  WHERE seconds_to_first_admin_reply IS NOT NULL
)
SELECT month, answered, max(CASE WHEN place = (answered + 1) / 2 THEN seconds END) / 60
  AS median_minutes, max(CASE WHEN place = (answered * 9 + 9) / 10 THEN seconds END) / 60
  AS minutes_for_nine_of_ten
FROM ranked
GROUP BY month
ORDER BY month
""",
        "Medians, as a few very late answers would rule a mean.",
    ),
    Question(
        "volume_by_channel",
        "How many conversations came in each month, by channel?",
        """
SELECT substr(created_at, 1, 7) AS month, channel_current AS channel, count(*) AS conversations
FROM conversations
GROUP BY month, channel
ORDER BY month, conversations DESC
""",
    ),
    Question(
        "told_to_a_customer",
        "What did we tell this customer about that?",
        """
SELECT m.created_at, m.author_name, m.body_text, m.conversation_id
FROM contacts AS k
JOIN conversation_participants AS p ON p.id = k.id AND p.type = 'contact'
JOIN messages AS m ON m.conversation_id = p.conversation_id
WHERE k.email = :email AND m.author_type IN ('admin', 'bot')
  AND m.created_at BETWEEN :since AND :until AND m.body_text LIKE '%' || :about || '%'
ORDER BY m.created_at
""",
        "Between two times, `2026-03-01` and `2026-04-01` for all of March.",
        {"email": "person57@example.com", "about": "a", "since": "2020", "until": "2030"},
    ),
    Question(
        "words",
        "Which conversations mention these words?",
        """
SELECT p.conversation_id, p.created_at, p.author_name,
  snippet(conversation_parts_fts, 0, '[', ']', '…', 20) AS text
FROM conversation_parts_fts
JOIN conversation_parts AS p ON p.rowid = conversation_parts_fts.rowid
WHERE conversation_parts_fts MATCH :words
ORDER BY conversation_parts_fts.rank
LIMIT 20
""",
        "In the syntax of SQLite's FTS5: `refund AND stripe`, `refund*`. First messages are in "
        "`conversations_fts`.",
        {"words": "a* OR s*"},
    ),
    Question(
        "tags_and_ratings",
        "Which tags do conversations have now, and how are they rated?",
        """
SELECT t.name AS tag, count(*) AS conversations,
  round(avg(c.conversation_rating_rating), 2) AS mean_rating,
  count(c.conversation_rating_rating) AS rated
FROM current_conversation_tags AS t
JOIN current_conversations AS c ON c.id = t.conversation_id
GROUP BY t.tag_id
ORDER BY conversations DESC
""",
        "`conversation_tags` also has tags that were taken off again.",
    ),
    Question(
        "bad_ratings",
        "Which conversations ended badly, and what did people say?",
        """
SELECT c.id, c.conversation_rating_created_at AS rated_at,
  c.conversation_rating_rating AS rating, c.conversation_rating_remark AS remark,
  a.name AS teammate
FROM conversations AS c
LEFT JOIN admins AS a ON a.id = c.conversation_rating_teammate_id
WHERE c.conversation_rating_rating <= 2
ORDER BY rated_at DESC
""",
    ),
    Question(
        "fin_by_month",
        "How often did Fin take part, and how often did that settle it?",
        """
SELECT substr(created_at, 1, 7) AS month, count(*) AS conversations,
  sum(ai_agent_participated) AS with_fin,
  sum(ai_agent_resolution_state IN ('assumed_resolution', 'confirmed_resolution')) AS settled,
  sum(ai_agent_resolution_state = 'escalated') AS escalated
FROM conversations
GROUP BY month
ORDER BY month
""",
    ),
    Question(
        "closed_by",
        "Who closes conversations, and how many come back?",
        """
SELECT a.name AS teammate, count(DISTINCT s.conversation_id) AS closed,
  count(DISTINCT CASE WHEN r.reopens > 0 THEN s.conversation_id END) AS of_them_reopened
FROM conversation_state_changes AS s
JOIN admins AS a ON a.id = s.author_id
JOIN response_times AS r ON r.conversation_id = s.conversation_id
WHERE s.transition = 'closed'
GROUP BY a.id
ORDER BY closed DESC
""",
    ),
    Question(
        "most_changed",
        "Which conversations changed most while they were watched?",
        """
SELECT p.record_id AS conversation_id, count(*) AS versions, min(p.fetched_at) AS first_fetched,
  max(p.fetched_at) AS last_fetched, c.title
FROM raw_payloads AS p
LEFT JOIN conversations AS c ON c.id = p.record_id
WHERE p.stream = 'conversations'
GROUP BY p.record_id
ORDER BY versions DESC, conversation_id
LIMIT 20
""",
        "`sqlite-archive history` says what changed.",
    ),
)
