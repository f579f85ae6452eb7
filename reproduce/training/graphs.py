"""Steps of a training as CUDA graphs, one for each shape of batch, and layers compiled for each shape.

A CUDA graph is a step's kernels with their addresses, recorded once: to launch it costs one call where the kernels
cost thousands. So a graph reads its batch and its learning rate from tensors of its own, into which those of the step
are copied, and dropout draws on from the generator's state, which torch keeps up to date for recorded kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from reproduce.model.encoder import Batch, Layer

if TYPE_CHECKING:
    from reproduce.training.stepping import Piece

__all__ = ["CudaRecorder", "Recorder", "StepGraphs", "compiled_layer", "form_of"]

Work = Callable[[], tuple[Tensor, Tensor]]

_SHAPES = 64  # that are recorded or compiled at most; a training has about a dozen
_WARM = 2  # steps of a shape that are done as they come: libraries set themselves up in the first one


class Recorder(Protocol):
    """Records work on a device and does it again."""

    def warm(self, work: Work) -> tuple[Tensor, Tensor]:
        """Do the work, on the stream on which it will be recorded."""

    def record(self, work: Work) -> tuple[Callable[[], None], tuple[Tensor, Tensor]]:
        """What does the work again, and the tensors that its results will then be in; the work is not done yet."""


class CudaRecorder:
    """CUDA graphs on one stream and in one pool of memory: only one of them runs at a time."""

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()

    def warm(self, work: Work) -> tuple[Tensor, Tensor]:
        """Each stream waits for the other, so that neither reads what the other has not written."""
        self._stream.wait_stream(torch.cuda.current_stream(self._stream.device))
        with torch.cuda.stream(self._stream):
            results = work()
        torch.cuda.current_stream(self._stream.device).wait_stream(self._stream)
        return results

    def record(self, work: Work) -> tuple[Callable[[], None], tuple[Tensor, Tensor]]:
        """Raises RuntimeError where a kernel cannot be recorded."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
            results = work()
        return graph.replay, results


@dataclass
class _Entry:
    """What there is for one shape: steps done as they came, then the recorded work with its inputs and results."""

    done: int = 0
    replay: Callable[[], None] | None = None
    inputs: tuple[Tensor, ...] = ()
    results: tuple[Tensor, Tensor] | None = None


class StepGraphs:
    """Does steps with one piece: `work` gives loss and norm, and must take the same operations for the same shape.

    A shape's first steps are done as they come, then one is recorded and done again for each batch of that shape. Where
    recording fails, this is noted and steps go on unrecorded; `forget` drops what the failed work left. `check` raises
    for a batch that does not fit the model, which a recorded step no longer would.
    """

    def __init__(
        self,
        work: Callable[[Piece], tuple[Tensor, Tensor]],
        recorder: Recorder,
        check: Callable[[Batch], None],
        forget: Callable[[], None],
        note: Callable[[str], None],
    ) -> None:
        self._work, self._recorder, self._check, self._forget, self._note = work, recorder, check, forget, note
        self._entries: dict[object, _Entry] = {}
        self._failed = False

    @property
    def recorded(self) -> int:
        """Shapes that are recorded."""
        return sum(entry.replay is not None for entry in self._entries.values())

    def __call__(self, piece: Piece) -> tuple[Tensor, Tensor]:
        """Loss and norm, on the device."""
        self._check(piece.batch)
        entry = self._entries.setdefault(form_of(piece), _Entry())
        if entry.replay is None and not self._failed and entry.done >= _WARM and self.recorded < _SHAPES:
            self._record(entry, piece)
        if entry.replay is None or entry.results is None:
            entry.done += 1
            return self._recorder.warm(lambda: self._work(piece))
        torch._foreach_copy_(list(entry.inputs), list(_tensors(piece)))
        entry.replay()
        loss, norm = entry.results
        return loss.clone(), norm.clone()  # the next step, of any shape, writes over them

    def _record(self, entry: _Entry, piece: Piece) -> None:
        own = _copied(piece)
        try:
            replay, results = self._recorder.record(lambda: self._work(own))
        except RuntimeError as error:
            self._failed = True
            self._forget()
            self._note(f"steps are not recorded as CUDA graphs: {str(error).splitlines()[0]}")
            return
        entry.replay, entry.inputs, entry.results = replay, _tensors(own), results


def compiled_layer(
    backend: str | Callable[..., Any] = "inductor", note: Callable[[str], None] = lambda text: None
) -> Callable[..., Tensor]:
    """Layer.forward, compiled anew for each shape of batch, once for all layers; its first argument is the layer.

    Where compiling fails (no C compiler, say) this is noted, and layers are computed uncompiled from then on.
    """
    from torch._dynamo import config
    from torch._dynamo.exc import TorchDynamoException

    # torch gives up after 8 shapes; a shape has two forms, since the last layer computes some tokens only
    config.recompile_limit = max(config.recompile_limit, 2 * _SHAPES)
    run: Callable[..., Tensor] = torch.compile(Layer.forward, fullgraph=True, dynamic=False, backend=backend)

    def layer(*given: Any) -> Tensor:
        nonlocal run
        try:
            return run(*given)
        except TorchDynamoException as error:
            note(f"layers are not compiled: {' '.join(str(error).split()[:40])}")
            run = Layer.forward
            return run(*given)

    return layer


def _tensors(piece: Piece) -> tuple[Tensor, ...]:
    """All that a step reads from its batch."""
    batch = piece.batch
    found = (
        batch.input_ids_T,
        batch.position_ids_T,
        batch.layout.cu_seqlens,
        batch.first_S,
        batch.lengths_S,
        piece.targets,
    )
    return found if piece.tokens_R is None else (*found, piece.tokens_R)


def form_of(piece: Piece) -> object:
    """Equal for pieces that take the same operations."""
    layout = piece.batch.layout
    shapes = tuple(tensor.shape for tensor in _tensors(piece))
    return piece.head, layout.path, layout.longest, piece.batch.real, piece.tokens_R is None, shapes


def _copied(piece: Piece) -> Piece:
    """With tensors of its own. Its count of tokens is that of all: what is recorded must not hang on one batch's."""
    batch = piece.batch
    own = replace(
        batch,
        input_ids_T=batch.input_ids_T.clone(),
        position_ids_T=batch.position_ids_T.clone(),
        layout=replace(batch.layout, cu_seqlens=batch.layout.cu_seqlens.clone()),
        first_S=batch.first_S.clone(),
        lengths_S=batch.lengths_S.clone(),
        tokens=len(batch.input_ids_T),
    )
    places = None if piece.tokens_R is None else piece.tokens_R.clone()
    return replace(piece, batch=own, targets=piece.targets.clone(), tokens_R=places)
