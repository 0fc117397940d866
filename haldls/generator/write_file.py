# SPDX-License-Identifier: MIT
"""Writing what was generated."""
import os


def write_file(path, text):
    """Leaves an unchanged file alone, so that nothing is compiled again."""
    try:
        with open(path, encoding="utf-8") as f:
            if f.read() == text:
                return
    except OSError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
