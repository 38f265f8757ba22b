"""Singer target that keeps any tap's streams in one private SQLite file."""
