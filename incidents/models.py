"""Tables of the incident half; each room of the half keeps its own tables, joined here."""
