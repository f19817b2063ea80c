"""What is asked of the battery: a subject by name or as it is, one law after the other or several at once."""
