"""The model that is in use: loading, ready or refused. All its work happens in one thread, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from latam_edge.core.errors import LatamEdgeError, WorkerFault
from latam_edge.runtime.types import Event, ModelInfo, Request
from latam_edge.store.entry import Entry

T = TypeVar("T")


class AnyClient(Protocol):
    """What the chat needs of latam_edge.runtime.client.Client."""

    def start(self) -> ModelInfo: ...
    def stream(self, request: Request) -> Iterator[Event]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...


ClientFactory = Callable[[Entry], AnyClient]


class Model:
    """One model at a time. Questions that are asked while it loads wait in line behind the loading."""

    def __init__(self, factory: ClientFactory, entry: Entry) -> None:
        self._factory = factory
        self.entry = entry
        self.client = factory(entry)
        self.info: ModelInfo | None = None
        """None while it loads, and when it could not be loaded."""
        self.error: LatamEdgeError | None = None
        """Why it could not be loaded."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="model")

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Do `work` in the model's thread, after everything before it."""
        return self._thread.submit(work, *arguments)

    def load(self) -> Future[None]:
        """Start loading; the outcome is in `info` and `error`."""
        return self.submit(self._load)

    def change(self, entry: Entry) -> Future[None]:
        """Put another model in this one's place, after the questions that are in line."""
        return self.submit(self._change, entry)

    def close(self) -> None:
        """Stop the model, then wait for the thread: a running answer ends as cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self.client.close()
        self._thread.shutdown(wait=True)
        self.client.close()  # a load that was under way when the first close came

    def _load(self) -> None:
        self.error = None
        try:
            self.info = self.client.start()
        except LatamEdgeError as error:
            self.error = error
        except Exception as error:  # whatever it is, the chat stays
            self.error = WorkerFault(detail=repr(error))

    def _change(self, entry: Entry) -> None:
        self.client.close()
        self.info = None
        self.entry = entry
        self.client = self._factory(entry)
        self._load()
