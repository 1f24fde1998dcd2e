"""The inbox: what reached an administration, what it decided about it, what goes back."""
