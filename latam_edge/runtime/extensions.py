"""Instruction set extensions: what the processor offers against what the engine's build uses.

Pure: texts and sets in, names out. The same answer for `doctor` and for the worker.
"""

from __future__ import annotations

from collections.abc import Sequence

X86 = {
    "avx": "AVX",
    "avx2": "AVX2",
    "fma": "FMA",
    "f16c": "F16C",
    "avx512f": "AVX512",
    "avx512_vnni": "AVX512_VNNI",
    "avx_vnni": "AVX_VNNI",
}
ARM = {
    "asimddp": "DOTPROD",
    "asimdhp": "FP16_VA",
    "i8mm": "MATMUL_INT8",
    "sve": "SVE",
}
FEATURES = {**X86, **ARM}
"""The processor's name for an extension (Linux's spelling), and ggml's for a build that uses it.

Those whose lack costs speed on 4-bit models (docs/portable.md has figures for x86)."""


def parse_features(text: str) -> list[str]:
    """Names that llama_print_system_info reports as in use: "CPU : AVX = 1 | AVX2 = 0 | ..."."""
    names = []
    for part in text.split("|"):
        name, _, value = part.rpartition("=")
        # An extension is 1; SVE_CNT and REPACK are facts of another kind.
        if value.strip() == "1":
            names.append(name.rpartition(":")[2].strip())
    return names


def unused_extensions(flags: frozenset[str], features: Sequence[str]) -> list[str]:
    """Extensions that the processor has and the build doesn't use, the oldest first.

    flags: as `hardware.cpu_flags` tells them; empty (nobody knows) means nothing is amiss.
    features: as `parse_features` tells them.
    """
    missing = [name for flag, name in FEATURES.items() if flag in flags and name not in features]
    # The two VNNIs are the same instructions in two encodings: who has the wider one needs no other.
    if "AVX512_VNNI" in features and "AVX_VNNI" in missing:
        missing.remove("AVX_VNNI")
    return missing
