"""This half's operations of the REST API."""
