"""How a peer is driven: a line with a command in, a line of JSON out. Standard library only.

A peer is a module with `load(folder)`, `prefill(ids) -> None` (a new conversation, evaluated
up to its first token) and `decode(count) -> int` (so many more tokens; how many came).
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def tokens(start: int, count: int) -> list[int]:
    """Token ids that begin unlike those of any other start."""
    return [300 + (start * 7919 + i * 31) % 20_000 for i in range(count)]


def serve(peer: Any) -> None:
    """Load what the command line names, say so, and measure until stdin ends."""
    out = sys.stdout
    sys.stdout = sys.stderr  # libraries print; the pipe is ours
    peer.load(sys.argv[1])
    peer.prefill(tokens(0, 32))
    peer.decode(8)

    def say(value: Any) -> None:
        out.write(json.dumps(value) + "\n")
        out.flush()

    say("ready")
    asked = 1
    for line in sys.stdin:
        command, _, size = line.partition(" ")
        asked += 1
        begin = time.perf_counter()
        if command == "decode":
            peer.prefill(tokens(asked, 8))
            begin = time.perf_counter()
            made = peer.decode(int(size))
            say(made / (time.perf_counter() - begin))
        else:
            peer.prefill(tokens(asked, int(size)))
            seconds = time.perf_counter() - begin
            say(int(size) / seconds if command == "prefill" else seconds)
