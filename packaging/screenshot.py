#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of the real console: gatehouse --demo on a display of its own, with the server and its clients running.

screenshot.py BIN FILE [PAGE] [SECONDS]
"""

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

WIDTH, HEIGHT = 1440, 900


def start_display(folder):
    """An X server that keeps its screen in a file, and the number that it found free."""
    reading, writing = os.pipe()
    display = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir",
                                str(folder), "-nolisten", "tcp", "-nocursor"], pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()
    if not number:
        sys.exit("Xvfb did not start")
    return display, f":{number}"


def pixels(dump):
    """Rows of RGB bytes from an X window dump (XWDFile.h): big-endian header, colour map, 32-bit pixels."""
    header = struct.unpack(">25I", dump[:100])
    size, width, height, byte_order, bits, stride, colours = (header[i] for i in (0, 4, 5, 7, 11, 12, 19))
    if bits != 32 or byte_order != 0:
        sys.exit(f"the display has {bits} bits a pixel in byte order {byte_order}; 32 and 0 are expected")
    start = size + colours * 12
    for row in range(height):
        line = dump[start + row * stride:start + row * stride + width * 4]
        rgb = bytearray(width * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = line[2::4], line[1::4], line[0::4]
        yield bytes(rgb)


def png(rows):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = list(rows)
    head = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def write_settings(home, page):
    folder = home / "gatehouse"
    folder.mkdir(parents=True)
    (folder / "gatehouse.conf").write_text(f"[window]\npage={page}\n")


def main(programs, file, page="connections", seconds="60"):
    with tempfile.TemporaryDirectory(prefix="gatehouse-") as name:
        folder = Path(name)
        subprocess.run([f"{programs}/gatehoused", "--init", str(folder / "etc")], check=True, stdout=subprocess.DEVNULL)
        config = folder / "etc" / "gatehouse.json"
        policy = json.loads(config.read_text())
        policy["listeners"][0]["port"] = 0
        config.write_text(json.dumps(policy))
        write_settings(folder / "settings", page)
        display, number = start_display(folder)
        environment = {**os.environ, "DISPLAY": number, "QT_QPA_PLATFORM": "xcb", "XDG_CONFIG_HOME": str(folder / "settings"),
                       "HOME": str(folder), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(folder)}
        # Away from the table: no row shall look as if pointed at.
        subprocess.run(["xdotool", "mousemove", "100", "600"], env=environment, check=True)
        console = subprocess.Popen([f"{programs}/gatehouse", "--config", str(config), "--demo"], env=environment)
        try:
            try:
                sys.exit(f"gatehouse ended with {console.wait(float(seconds))}")
            except subprocess.TimeoutExpired:
                # A row, then away from the table.
                subprocess.run(["xdotool", "mousemove", "500", "290", "sleep", "1", "click", "1", "sleep", "1",
                                "mousemove", "100", "600", "sleep", "3"], env=environment, check=True)
                picture = png(pixels((folder / "Xvfb_screen0").read_bytes()))
            Path(file).parent.mkdir(parents=True, exist_ok=True)
            Path(file).write_bytes(picture)
        finally:
            console.send_signal(signal.SIGTERM)
            console.wait(30)
            display.terminate()
            display.wait(10)


if __name__ == "__main__":
    main(*sys.argv[1:])
