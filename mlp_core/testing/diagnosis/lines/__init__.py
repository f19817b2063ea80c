"""Finds the lines of a subject that write the wrong value, by following line by line where the failing entry comes
from."""
