"""Wrong backward passes of layers, in the forms of all doors."""
