"""A model with the shape of a 135M Llama and random 4-bit weights: speed depends on nothing else.

30 layers, width 576, 9 query and 3 key-value heads, feed-forward 1536, vocabulary
49152, embedding and output tied: the shape of SmolLM-135M.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

LAYERS, WIDTH, HEADS, KV_HEADS, FFN, VOCAB, N_CTX = 30, 576, 9, 3, 1536, 49152, 2048
BLOCK, BLOCK_BYTES = 32, 18  # Q4_0: an fp16 scale and 32 codes of 4 bits


def byte_letters() -> list[str]:
    """GPT-2's printable letter for each of the 256 bytes, by byte."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters, extra = [], 0
    for byte in range(256):
        letters.append(chr(byte) if byte in shown else chr(256 + extra))
        extra += byte not in shown
    return letters


def write_model(path: Path) -> Path:
    """Write the model to `path` (76 MB) unless it is there."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    rng = np.random.default_rng(0)
    letters = byte_letters()
    words = [f"{letters[32]}w{number:x}" for number in range(VOCAB - len(letters) - 3)]
    tokens = [*letters, *words, "<|bos|>", "<|im_start|>", "<|im_end|>"]

    writer = gguf.GGUFWriter(part, "llama")
    writer.add_name("bench-135m")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(VOCAB)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * (VOCAB - 3) + [gguf.TokenType.CONTROL] * 3)
    writer.add_token_merges([f"{letters[32]} w"])
    writer.add_bos_token_id(VOCAB - 3)
    writer.add_eos_token_id(VOCAB - 1)
    writer.add_add_bos_token(False)

    def weights(name: str, rows: int, columns: int) -> None:
        blocks = rows * columns // BLOCK
        data = rng.integers(0, 256, (blocks, BLOCK_BYTES), dtype=np.uint8)
        scales = rng.uniform(0.5, 1.5, blocks) * 0.2 / np.sqrt(columns)
        data[:, :2] = scales.astype(np.float16)[:, None].view(np.uint8)
        data = data.reshape(rows, columns // BLOCK * BLOCK_BYTES)
        writer.add_tensor(name, data, raw_dtype=gguf.GGMLQuantizationType.Q4_0)

    one = np.ones(WIDTH, np.float32)
    weights("token_embd.weight", VOCAB, WIDTH)
    writer.add_tensor("output_norm.weight", one)
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        writer.add_tensor(f"{block}.attn_norm.weight", one)
        writer.add_tensor(f"{block}.ffn_norm.weight", one)
        weights(f"{block}.attn_q.weight", WIDTH, WIDTH)
        weights(f"{block}.attn_k.weight", WIDTH // HEADS * KV_HEADS, WIDTH)
        weights(f"{block}.attn_v.weight", WIDTH // HEADS * KV_HEADS, WIDTH)
        weights(f"{block}.attn_output.weight", WIDTH, WIDTH)
        weights(f"{block}.ffn_gate.weight", FFN, WIDTH)
        weights(f"{block}.ffn_up.weight", FFN, WIDTH)
        weights(f"{block}.ffn_down.weight", WIDTH, FFN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(path)
    return path
