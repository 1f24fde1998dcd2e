"""The plan: recommendations from gaps, in an order, with owners and dates."""
