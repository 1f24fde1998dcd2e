"""Tables of the readiness half."""
