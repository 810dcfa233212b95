"""What is written: by one run at a time, whole or not at all, however that run ends."""
