"""Wrong optimizers, as others write them."""
