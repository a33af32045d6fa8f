"""The HTTP API, in process."""
