"""Rounds: answers carried over, compared, written to files and read back."""
