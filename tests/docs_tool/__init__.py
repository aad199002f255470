"""What the documentation shows is made here: outputs of shown commands, and the parts of the reference.

A page stays a Markdown file that a person writes. Two things in it are made:

- each ```` ```console ```` and ```` ```pycon ```` block is run on the embedded catalog, and its output written anew
  (`shown`);
- what stands between `<!-- made: NAME -->` and `<!-- end -->` comes from the code (`reference`, `fields`).

`python -m tests.docs_tool` writes every page; `tests/test_docs.py` makes each again and compares.
"""
