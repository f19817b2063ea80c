"""What a known mistake does to a training run: `python benchmarks/gallery.py` draws it."""
