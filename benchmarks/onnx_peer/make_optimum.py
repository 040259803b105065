"""optimum's export, then ONNX Runtime's own 4-bit quantizer: `make_optimum.py CHECKPOINT OUT`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import onnx
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer


def main(checkpoint: str, out: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "optimum.exporters.onnx", "--model", checkpoint]
        command += ["--task", "text-generation-with-past", "--device", "cpu", scratch]
        subprocess.run(command, check=True)
        quantizer = MatMulNBitsQuantizer(
            onnx.load(str(Path(scratch) / "model.onnx")), block_size=32, is_symmetric=True, accuracy_level=4
        )
        quantizer.process()
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save_model(
            quantizer.model.model,
            str(folder / "model.onnx"),
            save_as_external_data=True,
            all_tensors_to_one_file=True,
            location="model.onnx.data",
        )
        for file in Path(scratch).iterdir():
            if file.suffix in (".json", ".jinja"):
                (folder / file.name).write_bytes(file.read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
