"""What the hand-written is held against: autograd, difference quotients, torch's loop."""
