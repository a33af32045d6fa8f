"""The demo: a bundled sample of a chain, a pipeline over it, and a run of it from a clean start."""
