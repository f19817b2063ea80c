"""Wrong gradient checks."""
