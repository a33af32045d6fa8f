"""The user's text into a statement an engine can run. Pure: text and catalog in, statement out.

The one rule: nothing reaches an engine that was not parsed, resolved by name and found on a list
of what is allowed. Errors carry the line and column of the user's own text.

    text + parameters  --parse-->  Statement   (what it reads: lineage)
    Statement + catalog --compile--> Template  (engine SQL with a slot per relation)
    Template + relations --bind (coordinator)--> engines.Bound
"""
