# SPDX-License-Identifier: Apache-2.0
"""Pictures of rectangles, as PNG with a palette."""
import struct
import zlib


class Raster:
    """`width` pixels for a width of `across` units, y upwards; colours are #rrggbb, the first one the ground."""

    def __init__(self, across, up, width, colours):
        self.scale = width / across
        self.width, self.height = width, round(up * self.scale)
        self.colours = colours
        self.rows = [bytearray(width) for _ in range(self.height)]

    def rectangle(self, x0, y0, x1, y1, colour):
        """Fills a rectangle, at least a pixel wide and high."""
        left, right = (min(self.width - 1, max(0, int(x * self.scale))) for x in (x0, x1))
        low, high = (min(self.height - 1, max(0, int(y * self.scale))) for y in (y0, y1))
        right, high = max(right, left + 1), max(high, low + 1)
        line = bytes([colour]) * (right - left)
        for y in range(low, high):
            self.rows[self.height - 1 - y][left:right] = line

    def png(self):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        palette = b"".join(bytes.fromhex(colour[1:]) for colour in self.colours)
        data = zlib.compress(b"".join(b"\0" + row for row in self.rows), 9)
        return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0))
                + chunk(b"PLTE", palette) + chunk(b"IDAT", data) + chunk(b"IEND", b""))
