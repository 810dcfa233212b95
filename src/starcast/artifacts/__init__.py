"""Trained models on disk: what they hold, how they are written, replaced and read back."""
