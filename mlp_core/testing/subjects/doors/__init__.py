"""Doors: a gradient by hand in the form in which it was written. One file a form; `form.py` is what all become."""
