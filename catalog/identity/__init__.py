"""The same dataset on several hosts: which records are one, and why. Pure; `registry.clusters` keeps the result."""

from catalog.identity.addresses import canonical, key_of_page
from catalog.identity.clusters import Cluster, Known, Mark, clusters
from catalog.identity.marks import files_of, folded_name, paper_of, places_of

__all__ = [
    "Cluster",
    "Known",
    "Mark",
    "canonical",
    "clusters",
    "files_of",
    "folded_name",
    "key_of_page",
    "paper_of",
    "places_of",
]
