"""Input that means harm, sent through the front door of a whole server."""
