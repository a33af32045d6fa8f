"""The store's contract, on both databases."""
