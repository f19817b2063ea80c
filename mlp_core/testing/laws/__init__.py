"""The laws: one function per law, one file or folder per kind of subject. `books.py` lists the laws of each kind."""
