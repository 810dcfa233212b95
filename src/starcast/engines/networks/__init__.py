"""The network engine: deep networks and ensembles in compiled loops around BLAS."""
