"""Wrong update rules: the formula with one mistake."""
