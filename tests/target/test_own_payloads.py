"""`sqlite-archive verify` finds by itself which tables have payloads of their own."""

from __future__ import annotations

import json

from tests.target.harness import Archive, record, schema
from tests.target.reading_harness import POINTER, conversation, fill, found, tamper, verified


def test_an_unknown_table_with_payloads_of_its_own_is_traced_by_its_keys(archive: Archive) -> None:
    orders = schema(
        "orders", {"type": "string", "id": "string", "payload_id": POINTER}, keys=["type", "id"]
    )
    lines = [orders]
    for key in ("Order:1", "Order:2", "Case:1"):
        payload = json.loads(conversation(9, parts=0)[0])
        payload["record"].update(id=key, stream="orders", record_id=key)
        kind, number = key.split(":")
        row = {"type": kind, "id": number, "payload_id": key}
        lines += [json.dumps(payload), record("orders", row)]
    fill(archive, *lines)
    assert verified(archive)["well"]
    tamper(archive, "DELETE FROM orders WHERE type = 'Case'")
    tamper(archive, "UPDATE orders SET payload_id = 'Order:1' WHERE id = '2'")
    assert [(f["where"], f["first"]) for f in found(archive, "wrong")] == [
        ("orders.payload_id", ["Order 2"]),
        ("raw_payloads and orders", ["Case:1"]),
    ]
