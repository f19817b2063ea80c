"""Wrong training loops."""
