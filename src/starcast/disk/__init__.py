"""Files and folders: written by one run at a time, whole or not at all; read, and not believed."""
