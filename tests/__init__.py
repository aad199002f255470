"""Tests of the catalog and its connectors."""
