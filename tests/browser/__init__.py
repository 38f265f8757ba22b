"""A look at an archive with a real browser; `make browser` runs it."""
