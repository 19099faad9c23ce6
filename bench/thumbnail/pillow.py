"""Creates the variants of a photo with Pillow, with one decode for each width.

The argument is JSON: {"file", "widths", "formats": {extension: {"format", ...options of save}}}. Prints JSON:
milliseconds from bytes to bytes, the maximum memory of this process in MiB and the bytes of each variant.
"""

import io
import json
import re
import sys
import time

from PIL import Image, ImageOps

request = json.loads(sys.argv[1])
with open(request["file"], "rb") as file:
    data = file.read()
# Loads all formats before the clock starts.
Image.init()

started = time.perf_counter()
sizes = []
for width in request["widths"]:
    image = Image.open(io.BytesIO(data))
    # Also makes the decoder skip what the size does not need.
    image.thumbnail((width, width), Image.Resampling.LANCZOS)
    image = ImageOps.exif_transpose(image)
    for extension, options in request["formats"].items():
        encoded = io.BytesIO()
        image.save(encoded, **options)
        sizes.append({"name": f"{width}.{extension}", "bytes": encoded.tell()})
ms = (time.perf_counter() - started) * 1000

with open("/proc/self/status") as status:
    peak = int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) / 1024
print(json.dumps({"ms": ms, "peak": peak, "sizes": sizes, "each": []}))
