"""Tests of the two packages, the sandbox they run against, and the pipeline as a whole."""
