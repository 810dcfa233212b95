"""The parts of `tools/drill.py`: each tries to break one thing, many times."""
