"""The protocol of a run, held to its invariants step by step and crash by crash."""
