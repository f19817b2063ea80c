"""Wrong update rules: each has one mistake in its formula."""
