"""Wrong objectives of gradient boosting."""
