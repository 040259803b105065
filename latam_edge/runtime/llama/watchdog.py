"""Stops a native step from outside: when its deadline passes, or when the user cancels.

llama.cpp asks an abort callback after every node of its graph, hundreds of times
a step. A Python callback would cost more than the step. So the callback is C's own
`strlen` on a buffer of ours: it returns 0 while the buffer holds an empty string,
and 1 (true) as soon as some thread writes a byte into it.
"""

from __future__ import annotations

import ctypes
import math
import os
import threading
import time
from typing import Any

from latam_edge.runtime.llama.native import Handle, library

_LOOK_S = 0.025
"""How often the thread looks at the deadline, and how late an abort can come."""


class Watchdog:
    """One per context. `arm` before a step, `disarm` after it; a sleeping thread does the rest."""

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        libc: Any = ctypes.cdll.msvcrt if os.name == "nt" else ctypes.CDLL(None)
        address = ctypes.cast(libc.strlen, ctypes.c_void_p).value
        self._callback = library().ggml_abort_callback(address)
        self._lock = threading.Lock()
        self._deadline = math.inf
        self._fired = False
        self._stopped = False  # a cancel that came; it holds until `begin`
        self._active = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def attach(self, context: Handle) -> None:
        """Let `context` ask this watchdog; it must outlive the context."""
        library().llama_set_abort_callback(context, self._callback, ctypes.addressof(self._flag))

    def begin(self) -> None:
        """An answer starts: forget an old cancel, wake the thread."""
        with self._lock:
            self._stopped = False
            self._deadline = math.inf
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()
        self._active.set()

    def end(self) -> None:
        """The answer is over: the thread sleeps without waking."""
        self._active.clear()

    def arm(self, deadline_s: float | None) -> None:
        """A step starts; abort it after `deadline_s` seconds (None: never)."""
        with self._lock:
            self._fired = False
            self._flag[0] = b"\1" if self._stopped else b"\0"
            self._deadline = math.inf if deadline_s is None else time.monotonic() + deadline_s

    def disarm(self) -> bool:
        """The step is over. True when its deadline passed before."""
        with self._lock:
            self._deadline = math.inf
            return self._fired

    def stop(self) -> None:
        """Abort the running step and any later one until `begin`. From any thread."""
        with self._lock:
            self._stopped = True
            self._flag[0] = b"\1"

    def close(self) -> None:
        """End the thread. Idempotent."""
        self._closed = True
        self._active.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _watch(self) -> None:
        while not self._closed:
            self._active.wait()
            left = self._deadline - time.monotonic()
            if left <= 0:
                with self._lock:
                    if self._deadline <= time.monotonic():
                        self._fired = True
                        self._flag[0] = b"\1"
                        self._deadline = math.inf
            time.sleep(min(max(left, 0.001), _LOOK_S))
