"""The search index: what of an entry is indexed, where, and how it is kept in step with the tables.

`keys` is all that a reader needs and imports nothing heavy; `document` is pure; `maintain` writes.
"""
