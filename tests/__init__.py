"""Tests; packages, so that a folder can share its own doubles by name."""
