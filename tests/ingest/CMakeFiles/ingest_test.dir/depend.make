# Empty dependencies file for ingest_test.
# This may be replaced when dependencies are built.
