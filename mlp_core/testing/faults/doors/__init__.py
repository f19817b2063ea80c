"""Wrong backward passes of layers, in the form of every door."""
