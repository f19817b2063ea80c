"""Independent computations of the correct values: autograd, difference quotients, torch's training loop."""
