"""What was found, in words and in files."""
