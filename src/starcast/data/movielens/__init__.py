"""The named data sets: catalogue, download, unpacking, parsing, attributes."""
