"""Whether search finds what people mean, on real metadata: `python -m bench.relevance`."""
