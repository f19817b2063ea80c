"""What every part stands on: errors that name the argument, records by name, extras, files."""
