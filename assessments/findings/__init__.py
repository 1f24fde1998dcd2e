"""Findings: what was found, on which evidence, from which root cause."""
