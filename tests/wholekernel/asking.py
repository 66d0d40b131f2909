# SPDX-License-Identifier: Apache-2.0
"""One question to our helper in a guest, as the page asks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest

# It ends when its input does, so that is kept open until the answer is there.
_ASK = r"""
import json, subprocess, sys
request = json.loads(sys.argv[1])
helper = subprocess.Popen(["/usr/libexec/cockpit-rhv/helper"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
helper.stdin.write(json.dumps(request) + "\n")
helper.stdin.flush()
for line in helper.stdout:
    answer = json.loads(line)
    if answer.get("id") == request["id"]:
        print(json.dumps(answer))
        break
helper.stdin.close()
helper.wait(30)
"""


def ask(host: Guest, method: str, **params: Any) -> dict[str, Any]:
    """The whole answer, with its ``result`` or ``error``."""
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    answer: dict[str, Any] = json.loads(host.run("python3", "-c", _ASK, request).stdout)
    return answer
