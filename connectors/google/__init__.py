"""Datasets as Google Dataset Search finds them: the schema.org markup that publishers put on their pages.

Google offers no API for Dataset Search; this reads the publishers that it indexes. `extract.read` and
`mapping.to_record` are pure.
"""
