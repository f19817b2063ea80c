"""How a law is run: it knows no network, no optimizer and no law."""
