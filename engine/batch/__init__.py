"""Many requests at once: read in chunks, decided in columns, written as one Parquet file."""
