"""The findings of a run, in words and in files."""
