"""The factorization engine: latent factor models in compiled loops."""
