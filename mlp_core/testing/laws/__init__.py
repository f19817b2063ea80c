"""The laws, one a function; a folder or a file for each kind of subject. `books.py` says which are whose."""
