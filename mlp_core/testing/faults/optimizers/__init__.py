"""Wrong optimizers, as published code has them."""
