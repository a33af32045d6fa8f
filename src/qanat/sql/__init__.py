"""The user's text into a statement an engine can run. Pure: text and catalog in, statement out.

The one rule: nothing reaches an engine that was not parsed, resolved by name and found on a list
of what is allowed. Errors carry the line and column of the user's own text.

    text + parameters  --parse-->  tree        (what it reads: lineage)
    tree + catalog     --compile--> Template   (engine SQL with a slot per relation)
    Template + relations --bind (coordinator)--> engines.Bound

`parameters` puts values in place and `source` leads back from them; `tokens` and `parse` make the
tree; `query` and the modules named after clauses, `expression` and those named after kinds of
expressions, resolve names and compute types; `functions` lists what may be called and
`dialect` says what it becomes; `blame` turns an engine's complaint back.
"""
