"""Administrations, users, their ways to sign in, and machine tokens."""
