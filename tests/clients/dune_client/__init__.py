"""`dune-client`, the official Python client, as it is on the package index."""
