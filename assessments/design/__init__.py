"""The design annex: services, staffing, budget, RFC 2350 and preparation lists."""
