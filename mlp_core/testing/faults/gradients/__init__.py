"""Wrong backpropagations."""
