"""Speed, memory and start, measured against the same server serving the same bytes from memory."""
