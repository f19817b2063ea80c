"""What a law is tried on, and how it is drawn: built, described in a line, written as Python source."""
