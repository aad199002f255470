"""Rows of data files on disk: JSON Lines, JSON, CSV, TSV, Parquet, text, WET and WARC; packed or not."""

from catalog.datafile.reading import BadRow, data_files, first_rows, read_rows

__all__ = ["BadRow", "data_files", "first_rows", "read_rows"]
