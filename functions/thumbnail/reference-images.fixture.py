# Writes reference-images.fixture.json with Pillow 12.3: small images of every kind, and their upright pixels as means of
# a grid, so that variants are compared with what another library reads. Run: python3 reference-images.fixture.py
import base64, io, json, pathlib
from PIL import Image, ImageOps

W, H = 96, 64


def scene(width, height):
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            square = 60 if (x * 4 // width + y * 4 // height) % 2 else 190
            image.putpixel((x, y), (40 + 180 * x // width, 200 - 150 * y // height, square))
    return image


def encoded(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


base = scene(W, H)
transparent = base.copy()
transparent.putalpha(Image.frombytes("L", (W, H), bytes([255, 128, 0][x * 3 // W] for y in range(H) for x in range(W))))
grey16 = Image.new("I;16", (W, H))
for y in range(H):
    for x in range(W):
        grey16.putpixel((x, y), 65535 * (x + y) // (W + H - 2))
second = Image.new("RGB", (W, H), "blue").quantize(4)

files = {
    "transparent": encoded(transparent, "PNG", optimize=True),
    "grey of 16 bits": encoded(grey16, "PNG", optimize=True),
    "grey": encoded(base.convert("L"), "JPEG", quality=90),
    "palette": encoded(base.quantize(32), "PNG", optimize=True),
    "animated": encoded(base.quantize(64), "GIF", save_all=True, append_images=[second], duration=100),
    "very tall": encoded(scene(2, 600), "PNG", optimize=True),
    "one pixel": encoded(Image.new("RGB", (1, 1), (12, 200, 99)), "PNG"),
}
stored = [None, 0, 3, 1, 5, 2, 6, 4]  # Transpose of Pillow that the orientation of EXIF undoes.
for orientation, method in enumerate(stored, start=1):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = base if method is None else base.transpose(Image.Transpose(method))
    files[f"orientation {orientation}"] = encoded(image, "JPEG", quality=80, exif=exif)


def means(data):
    image = Image.open(io.BytesIO(data))
    if image.mode == "I;16":
        image = Image.frombytes("L", image.size, bytes(v >> 8 for v in image.getdata()))
    image = ImageOps.exif_transpose(image).convert("RGBA")
    width, height = image.size
    columns, rows = min(6, width // 2 or 1), min(4, height)
    cells = []
    for row in range(rows):
        for column in range(columns):
            pixels = [
                image.getpixel((x, y))
                for y in range(row * height // rows, (row + 1) * height // rows)
                for x in range(column * width // columns, (column + 1) * width // columns)
            ]
            n = len(pixels)
            # Premultiplied, as a resize must be.
            cells.append([round(sum(p[c] * p[3] / 255 for p in pixels) / n) for c in range(3)] + [round(sum(p[3] for p in pixels) / n)])
    return {"width": width, "height": height, "columns": columns, "rows": rows, "cells": cells}


entries = [{"name": name, "file": base64.b64encode(data).decode(), **means(data)} for name, data in files.items()]
lines = ",\n".join(json.dumps(entry) for entry in entries)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
