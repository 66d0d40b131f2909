# SPDX-License-Identifier: Apache-2.0
"""Print the texts of ``msg(id, "text")`` and ``Message(id, "text")`` in Python files, as JSON for po.mjs."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path


def texts(path: Path) -> list[dict[str, str]]:
    """Every literal text of a file; a text that is put together at run time cannot be a gettext key."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        text = node.args[1]
        if name in ("msg", "Message") and isinstance(text, ast.Constant) and isinstance(text.value, str):
            found.append({"text": text.value, "source": f"{path}:{node.lineno}"})
    return found


if __name__ == "__main__":
    json.dump([text for name in sys.argv[1:] for text in texts(Path(name))], sys.stdout)
