"""Full doses of what the tests try in small ones."""
