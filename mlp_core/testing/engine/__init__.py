"""How a law is run. Nothing in this folder depends on networks, optimizers or particular laws."""
