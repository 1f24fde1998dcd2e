"""Peers: other installations from which an administration takes in objects by TAXII 2.1."""
