"""Which known mistake a subject has, and what can be drawn of the example that shows it."""
