"""The autoencoder engine: items are described by who rated them how, in compiled loops."""
