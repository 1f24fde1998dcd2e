"""Webhooks: an administration's machines are told, by signed requests, that something is new."""
