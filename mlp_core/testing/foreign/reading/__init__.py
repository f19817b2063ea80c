"""Readers for the files of other tools: one module per format. Each returns cells. Nothing is run."""
