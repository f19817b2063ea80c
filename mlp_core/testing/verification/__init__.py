"""The entry points of the battery: subjects by name or as objects, checked one law after the other or in parallel."""
