#!/usr/bin/env bash
# Pillow 13.0.0, Image.convert("RGB") of a grey image of 16 bits (mode I;16), as torchvision's default_loader calls it.
# Seen: 0, 255, 256, 32768 and 65535 become 0, 255, 255, 255 and 255: all but the darkest 1/256 of the range is white.
#   No warning is given. A training run on such images sees white pictures.
# A good engineer would guess: 65535 is white and 32768 is a middle grey, as every viewer shows the file. The conversion
#   from 8 bits keeps the range, and that of a colour PNG of 16 bits keeps it too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.2.6
"$folder/venv/bin/python" - "$folder/grey.png" <<'PY'
import sys

import numpy
import PIL
from PIL import Image

numbers = numpy.array([[0, 255, 256, 32768, 65535]], dtype=numpy.uint16)
Image.fromarray(numbers).save(sys.argv[1])
image = Image.open(sys.argv[1])
red = numpy.asarray(image.convert("RGB"))[0, :, 0].tolist()
print(f"Pillow {PIL.__version__}: mode {image.mode}, {numbers[0].tolist()} become {red}")
EXPECTED = [0, 255, 255, 255, 255]
if red != EXPECTED:
    sys.exit("changed: the conversion keeps the range of 16 bits")
PY
