"""Parts of the coordinator that need no store."""
