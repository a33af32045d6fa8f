"""The clients that people use, unmodified, against a real server."""
