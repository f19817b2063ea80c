"""Doors: hand-written gradients in many forms. One file per form; every form becomes a `Form` (`form.py`)."""
