"""The graph of a decoder of the Llama family, in ONNX Runtime's fused operators.

A block is ten nodes: one product for Q, K and V together, GroupQueryAttention (which
rotates, keeps the cache and groups heads), one product for gate and up together, and
norms that also add the residual. Weights stay quantized (MatMulNBits).

Inputs, outputs and their meaning: docs/onnx-format.md. Operators: the schemas of ONNX
Runtime 1.32, com.microsoft, tried out one by one where they leave something open.
"""

from __future__ import annotations

from dataclasses import dataclass

from convert.architectures import Architecture
from convert.shape import ModelShape
from convert.to_onnx.layout import Layout, Matrix
from convert.to_onnx.nodes import Graph
from quant.lattice import GROUP_SIZE

_TO_THE_END = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Decoder:
    """Builds one model's graph."""

    architecture: Architecture
    """Which member of the family."""
    shape: ModelShape
    """Its sizes."""
    layout: Layout
    """Its weights."""
    accuracy_level: int
    """MatMulNBits: 1 computes in float32, 4 rounds activations to 8 bits first."""

    def build(self) -> Graph:
        """The whole graph."""
        graph, shape = Graph(), self.shape
        graph.input("input_ids", "int64", ["batch", "sequence"])
        graph.input("seqlens_k", "int32", ["batch"])
        graph.input("total_sequence_length", "int32", [])
        graph.input("logits_from", "int64", [1])
        graph.output("logits", "float32", ["batch", "positions", shape.n_vocab])
        for layer in range(shape.n_layers):
            for half in ("key", "value"):
                for name, put in (("past_key_values", graph.input), ("present", graph.output)):
                    positions = f"{name}_positions"
                    put(
                        f"{name}.{layer}.{half}",
                        "float32",
                        ["batch", shape.n_kv_heads, positions, shape.head_dim],
                    )
        stream = self._embedding(graph)
        normed = self._norm(graph, stream, "layers.0.attn_norm", "layers.0.normed")
        for layer in range(shape.n_layers):
            stream, normed = self._block(graph, layer, stream, normed)
        self._head(graph, normed)
        return graph

    def _block(self, graph: Graph, layer: int, stream: str, normed: str) -> tuple[str, str]:
        """One block. Returns the residual stream, and its norm for what comes next."""
        name, last = f"layers.{layer}.", layer == self.shape.n_layers - 1
        attended = self._attention(graph, layer, normed)
        if last:
            # Nothing after this looks at other positions, so only those that are asked for go on.
            attended = self._wanted(graph, attended, f"{name}attended")
            stream = self._wanted(graph, stream, f"{name}stream")
        update = self._product(graph, attended, f"{name}attn_output")
        normed, stream = self._add_and_norm(graph, stream, update, f"{name}ffn_norm", f"{name}middle")
        update = self._feed_forward(graph, layer, normed)
        norm = "final_norm" if last else f"layers.{layer + 1}.attn_norm"
        normed, stream = self._add_and_norm(graph, stream, update, norm, f"{name}out")
        return stream, normed

    def _attention(self, graph: Graph, layer: int, normed: str) -> str:
        """(batch, sequence, n_heads * head_dim)."""
        shape, name = self.shape, f"layers.{layer}."
        qkv = self._product(graph, normed, f"{name}qkv")
        parts = [qkv, "", ""]
        if self.architecture.qk_norm:
            parts = self._normed_heads(graph, qkv, name)
        return graph.contrib(
            "GroupQueryAttention",
            [
                *parts,
                f"past_key_values.{layer}.key",
                f"past_key_values.{layer}.value",
                "seqlens_k",
                "total_sequence_length",
                graph.external(self.layout.vectors["cos"]),
                graph.external(self.layout.vectors["sin"]),
            ],
            f"{name}attention",
            f"present.{layer}.key",
            f"present.{layer}.value",
            num_heads=shape.n_heads,
            kv_num_heads=shape.n_kv_heads,
            do_rotary=1,
            # Rows of Q and K stand in the GGUF's order: neighbours turn together, or halves of a head.
            rotary_interleaved=int(self.architecture.permutes_heads),
        )

    def _normed_heads(self, graph: Graph, qkv: str, name: str) -> list[str]:
        """Q and K normalized head by head, and V (Qwen 3)."""
        shape = self.shape
        widths = [count * shape.head_dim for count in (shape.n_heads, shape.n_kv_heads, shape.n_kv_heads)]
        outputs = [f"{name}{part}" for part in "qkv"]
        graph.add("Split", [qkv, graph.numbers("qkv_widths", widths)], *outputs, axis=-1)
        heads = graph.numbers("by_head", [0, 0, -1, shape.head_dim])
        flat = graph.numbers("by_token", [0, 0, -1])
        for index, part in enumerate("qk"):
            split = graph.add("Reshape", [outputs[index], heads], f"{name}{part}_heads")
            normed = self._norm(graph, split, f"{name}{part}_norm", f"{name}{part}_normed")
            outputs[index] = graph.add("Reshape", [normed, flat], f"{name}{part}_flat")
        return outputs

    def _feed_forward(self, graph: Graph, layer: int, normed: str) -> str:
        """down(silu(gate(x)) * up(x))."""
        name = f"layers.{layer}."
        both = self._product(graph, normed, f"{name}gate_up")
        gate, up = f"{name}gate", f"{name}up"
        graph.add("Split", [both], gate, up, axis=-1, num_outputs=2)
        # x * sigmoid(1 * x) is SiLU.
        active = graph.contrib("QuickGelu", [gate], f"{name}active", alpha=1.0)
        return self._product(graph, graph.add("Mul", [active, up], f"{name}gated"), f"{name}down")

    def _wanted(self, graph: Graph, stream: str, output: str) -> str:
        """The positions from `logits_from` on."""
        end, axis = graph.numbers("to_the_end", [_TO_THE_END]), graph.numbers("positions_axis", [1])
        return graph.add("Slice", [stream, "logits_from", end, axis], output)

    def _norm(self, graph: Graph, stream: str, weight: str, output: str) -> str:
        gamma = graph.external(self.layout.vectors[weight])
        return graph.add(
            "SimplifiedLayerNormalization",
            [stream, gamma],
            output,
            axis=-1,
            epsilon=self.shape.rms_eps,
            stash_type=1,
        )

    def _add_and_norm(
        self, graph: Graph, stream: str, update: str, weight: str, output: str
    ) -> tuple[str, str]:
        """(norm of the sum, the sum)."""
        gamma, total = graph.external(self.layout.vectors[weight]), f"{output}.stream"
        normed = graph.contrib(
            "SkipSimplifiedLayerNormalization",
            [stream, update, gamma],
            output,
            "",
            "",
            total,
            epsilon=self.shape.rms_eps,
        )
        return normed, total

    def _product(self, graph: Graph, x: str, name: str, output: str | None = None) -> str:
        """x times a matrix of the layout, transposed, plus its bias if there is one."""
        matrix = self.layout.matrices[name]
        bias = self.layout.vectors.get(f"{name}.bias")
        output = output or f"{name}.out"
        if matrix.scales is not None:
            codes, scales = graph.external(matrix.weight), self._scales(graph, matrix)
            inputs = [x, codes, scales] + (["", "", graph.external(bias)] if bias else [])
            return graph.contrib(
                "MatMulNBits",
                inputs,
                output,
                N=matrix.n_rows,
                K=matrix.n_columns,
                bits=matrix.bits,
                block_size=GROUP_SIZE,
                accuracy_level=self.accuracy_level,
            )
        product = f"{name}.product" if bias else output
        graph.contrib("FusedMatMul", [x, self._plain(graph, matrix)], product, transB=1)
        return graph.add("Add", [product, graph.external(bias)], output) if bias else output

    def _scales(self, graph: Graph, matrix: Matrix) -> str:
        """float16 in the file, float32 as the activations; ONNX Runtime folds this when it loads."""
        assert matrix.scales is not None
        return graph.cast(graph.external(matrix.scales), "float32", f"{matrix.name}.scales32")

    def _plain(self, graph: Graph, matrix: Matrix) -> str:
        weight = graph.external(matrix.weight)
        return graph.cast(weight, "float32", f"{weight}32") if matrix.encoding == "F16" else weight

    def _embedding(self, graph: Graph) -> str:
        """(batch, sequence, n_embd)."""
        matrix = self.layout.matrices["embedding"]
        if matrix.scales is None:
            weight = graph.external(matrix.weight)
            rows = graph.add("Gather", [weight, "input_ids"], "embedded.rows", axis=0)
            return graph.cast(rows, "float32", "embedded") if matrix.encoding == "F16" else rows
        # The head's product wants codes as (rows, groups, bytes), so the scales follow that shape here.
        groups = [matrix.n_rows, matrix.n_columns // GROUP_SIZE, 1]
        scales = graph.add(
            "Reshape",
            [self._scales(graph, matrix), graph.numbers("scales_shape", groups)],
            "embedding.scales3",
        )
        grouped = graph.contrib(
            "GatherBlockQuantized",
            [graph.external(matrix.weight), "input_ids", scales],
            "embedded.groups",
            bits=matrix.bits,
            block_size=GROUP_SIZE,
            gather_axis=0,
            quantize_axis=2,
        )
        return graph.add(
            "Reshape", [grouped, graph.numbers("embedded_shape", [0, 0, matrix.n_columns])], "embedded"
        )

    def _head(self, graph: Graph, normed: str) -> None:
        """Logits; a tied head is the embedding's own matrix."""
        self._product(graph, normed, "embedding" if self.shape.tied else "head", "logits")
