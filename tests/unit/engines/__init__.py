"""What of the engines needs no engine."""
