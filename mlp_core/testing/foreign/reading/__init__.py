"""What the files of other tools mean: one file per format, each of which gives cells. Nothing of them is run."""
