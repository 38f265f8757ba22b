"""What the documentation has from the code: one module for each kind of page or table."""
