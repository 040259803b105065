"""The processes that train together, through accelerate; one process alone needs none of it.

    accelerate launch --config_file recipes/accelerate/ddp.yaml -m latam_edge pipeline RECIPE

Every process walks the same code. What is not training (texts, tokenizer,
exam) the first one does while the others wait, and its result or its error is
everybody's. The folder of the run must be one that all processes see.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import nn

from latam_edge.core.errors import LatamEdgeError, MissingExtra, ProcessLost

if TYPE_CHECKING:
    from accelerate import Accelerator
    from transformers import LlamaForCausalLM

    from latam_edge.train.optimizer import Optimizers

T = TypeVar("T")

PATIENCE = timedelta(hours=24)
"""How long the others wait for the first process. One that has died is noticed at once, by its connection."""
_DECODER_LAYER = "LlamaDecoderLayer"
"""What FSDP2 shards as one unit."""


def device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class World:
    """One process, or several. All methods but `device` must be called by every process at the same place."""

    def __init__(self, accelerator: Accelerator | None = None) -> None:
        self._accelerator = accelerator
        self.rank = accelerator.process_index if accelerator else 0
        self.size = accelerator.num_processes if accelerator else 1
        self.device: torch.device = accelerator.device if accelerator else device()

    @property
    def main(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0

    @property
    def sharded(self) -> bool:
        """Whether each process holds a part of the weights only (FSDP2)."""
        return self._accelerator is not None and bool(self._accelerator.is_fsdp2)

    def prepare(self, step: nn.Module, optimizers: Optimizers) -> nn.Module:
        """`step` (a module that holds the model) wrapped for this world, and the optimizers with it."""
        if self._accelerator is None:
            return step
        if self.sharded:
            # Activation checkpointing and the rest come from accelerate's own configuration.
            step._no_split_modules = [_DECODER_LAYER]  # type: ignore[assignment]
            prepared = self._accelerator.prepare(step, *optimizers.parts)
            optimizers.parts = [part.optimizer for part in prepared[1:]]
            wrapped: nn.Module = prepared[0]
            return wrapped
        wrapped = self._accelerator.prepare_model(step)
        return wrapped

    def unsynced(self, step: nn.Module, last: bool) -> AbstractContextManager[Any]:
        """Gradients of all but the last part of a step stay with their process."""
        if self._accelerator is None or last:
            return nullcontext()
        return self._accelerator.no_sync(step)

    def reshard(self, step: nn.Module | None) -> None:
        """Let go of whole weights that a forward pass has left behind: they may have been replaced since."""
        if self.sharded and step is not None:
            from torch.distributed.fsdp import FSDPModule

            for module in step.modules():
                if isinstance(module, FSDPModule):
                    module.reshard()

    def sum(self, value: torch.Tensor) -> torch.Tensor:
        """The sum over the processes."""
        if self._accelerator is None:
            return value
        with lost_processes():
            total: torch.Tensor = self._accelerator.reduce(value.clone(), "sum")
        return total

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag, whether some process raised it."""
        if self._accelerator is None:
            return flags
        told = torch.tensor([float(flag) for flag in flags], device=self.device)
        return tuple(value > 0 for value in self.sum(told).tolist())

    def on_main(self, work: Callable[[], T]) -> T:
        """What `work` returns, done by the first process alone; what it raises is raised in all."""
        if self._accelerator is None:
            return work()
        outcome: list[Any] = [None, None]
        if self.main:
            try:
                outcome[0] = work()
            except LatamEdgeError as error:
                outcome[1] = error
        with lost_processes():
            torch.distributed.broadcast_object_list(outcome, src=0)
        if outcome[1] is not None:
            raise outcome[1]
        result: T = outcome[0]
        return result

    def leave(self) -> None:
        """Part from the others, all at once and for good.

        A process that ends while the communication's threads still run is aborted by them now and then.
        """
        if self._accelerator is None or not torch.distributed.is_initialized():
            return
        with lost_processes():
            torch.distributed.barrier()
            torch.distributed.destroy_process_group()

    def gathered(self, tree: Any) -> Any:
        """`tree` (dicts, lists, tensors) with every sharded tensor made whole, on the CPU."""
        if isinstance(tree, dict):
            return {key: self.gathered(value) for key, value in tree.items()}
        if isinstance(tree, list | tuple):
            return type(tree)(self.gathered(value) for value in tree)
        if self.sharded and isinstance(tree, torch.Tensor):
            from torch.distributed.tensor import DTensor

            if isinstance(tree, DTensor):
                with lost_processes():
                    return tree.full_tensor().cpu()
        return tree

    def sharded_like(self, value: torch.Tensor, shaped: torch.Tensor) -> torch.Tensor:
        """A whole tensor, sharded as `shaped` is, if it is."""
        return _like(value, shaped) if self.sharded else value

    def load_model(self, model: nn.Module, state: dict[str, torch.Tensor]) -> None:
        """Load whole tensors into a model that may be sharded."""
        if not self.sharded:
            model.load_state_dict(state)
            return
        own = model.state_dict()
        model.load_state_dict({name: _like(value, own[name]) for name, value in state.items()})

    def load_optimizers(self, optimizers: Optimizers, states: list[dict[str, Any]]) -> None:
        """Load whole tensors into optimizers whose weights may be sharded."""
        optimizers.load_state_dict(states)
        if self.sharded:
            for part in optimizers.parts:
                for parameter, state in part.state.items():
                    for name, value in state.items():
                        if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                            state[name] = _like(value, parameter)

    def plain(self, model: LlamaForCausalLM) -> LlamaForCausalLM:
        """The trained model with all of its weights in it, on the CPU."""
        if not self.sharded:
            return model.eval().to("cpu")
        state = self.gathered(model.state_dict())
        whole = type(model)(model.config).float()
        whole.load_state_dict(state)
        return whole.eval()


def _like(value: torch.Tensor, shaped: torch.Tensor) -> torch.Tensor:
    """A whole tensor, sharded as `shaped` is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(shaped, DTensor) or isinstance(value, DTensor):
        return value
    whole = value.to(shaped.device, shaped.dtype)
    return distribute_tensor(whole, shaped.device_mesh, shaped.placements)


SINGLE = World()


def join_world() -> World:
    """The world that a launcher (accelerate launch, torchrun) has put this process into; else one process.

    Raises MissingExtra when there are several and accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return SINGLE
    try:
        from accelerate import Accelerator
        from accelerate.utils import InitProcessGroupKwargs
    except ModuleNotFoundError as error:
        raise MissingExtra(package="accelerate", extra="train") from error
    cpu = not torch.cuda.is_available()
    with lost_processes():
        accelerator = Accelerator(cpu=cpu, kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)])
    if cpu and os.environ.get("ACCELERATE_USE_FSDP", "").lower() == "true":
        _shard_on_cpu(accelerator)
    return World(accelerator)


def _shard_on_cpu(accelerator: Accelerator) -> None:
    """accelerate turns FSDP2 on for GPUs alone; on CPUs, where it can be tried out, it is turned on here."""
    from accelerate import PartialState
    from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin

    accelerator.state.fsdp_plugin = FullyShardedDataParallelPlugin(fsdp_version=2)
    # Every AcceleratorState that is made takes the kind from here.
    PartialState().distributed_type = accelerator.state.distributed_type = DistributedType.FSDP


@contextmanager
def lost_processes() -> Iterator[None]:
    """What communication says when another process has gone becomes ProcessLost."""
    try:
        yield
    except RuntimeError as error:
        said = str(error)
        signs = (
            "closed by peer",
            "Connection reset",
            "Broken pipe",
            "Socket",
            "NCCL",
            "timed out",
            "Timed out",
        )
        backend = getattr(torch.distributed, "DistBackendError", ())
        if isinstance(error, backend) or any(sign in said for sign in signs):
            # What happened, without the library's file names and good wishes.
            found = re.search(r"\w+ (closed|reset) by peer|[Bb]roken pipe|[Tt]imed out", said)
            detail = found[0] if found else type(error).__name__
            raise ProcessLost(detail=detail) from error
        raise
