"""Which lines of a subject write what is wrong: found by following, line by line, what the failing entry is made of."""
