"""JSON in and out, a module per resource: alone in knowing the field names of Dune's API.

A required field has no default. A field that may be absent is `UNSET` and is never sent as null.
"""
