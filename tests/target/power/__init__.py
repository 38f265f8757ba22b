"""Power cuts under SQLite: what it writes and syncs is recorded, and then lost in part."""
