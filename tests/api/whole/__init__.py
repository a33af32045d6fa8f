"""The API of a whole server in process: every part is real, requests skip only TCP."""
