"""Live tokens for signed-in Firebase users. Start reading at `issuing.py`."""
