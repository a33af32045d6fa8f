"""What is remembered, in SQLite or PostgreSQL.

A `Store` is one database and the parts of it. Each part owns the statements of its tables; what
must happen in one transaction lives in one part.
"""
