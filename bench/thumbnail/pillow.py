# Makes thumbnails with Pillow, as it is commonly written: a job a line on standard input, an answer a line on standard output.
import io
import json
import sys
import time

from PIL import Image, ImageOps

Image.MAX_IMAGE_PIXELS = None


def peak():
    try:
        with open("/proc/self/status") as status:
            lines = [line.split() for line in status]
    except OSError:
        return None
    return next(int(line[1]) / 1024 for line in lines if line[0] == "VmHWM:")


for line in sys.stdin:
    job = json.loads(line)
    with open(job["file"], "rb") as picture:
        encoded = picture.read()
    began = time.perf_counter()
    # In this order thumbnail() has libjpeg decode at a fraction of the size (Image.draft).
    image = Image.open(io.BytesIO(encoded))
    image.thumbnail((256, 256), Image.Resampling.LANCZOS)
    image = ImageOps.exif_transpose(image)
    thumbnail = io.BytesIO()
    image.save(thumbnail, "WEBP", quality=80)
    ms = (time.perf_counter() - began) * 1000
    file = job["out"] + ".webp"
    with open(file, "wb") as out:
        out.write(thumbnail.getvalue())
    print(json.dumps({"file": file, "ms": ms, "peak": peak()}), flush=True)
