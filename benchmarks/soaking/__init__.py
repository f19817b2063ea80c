"""The parts of the soak: what is run (units), where it is kept (folder), what it says (report)."""
