"""Real processes killed with -9, and machines that lose power."""
