"""Tests of target-sqlite-archive through its front door: real processes and real SQLite files."""
