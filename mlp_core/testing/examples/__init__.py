"""The examples of the laws: how they are drawn and built, described in a line, and written as Python source."""
