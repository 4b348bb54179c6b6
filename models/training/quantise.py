"""FP32 graph to dynamic INT8: weights QInt8 per channel, activations QUInt8 at run time."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

HEAD_PREFIX = "head."


def quantise(source: Path, target: Path, reduce_range: bool) -> None:
    """Quantises the encoder's products; heads stay FP32, their matrices INT8 in the file."""
    names = [n.name for n in onnx.load(str(source)).graph.node if n.name.startswith(HEAD_PREFIX)]
    quantize_dynamic(
        str(source), str(target), op_types_to_quantize=["MatMul"], per_channel=True,
        reduce_range=reduce_range, weight_type=QuantType.QInt8, nodes_to_exclude=names,
        # Shapes behind onnxruntime's own operators are not inferred; every activation here is FP32.
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT},
    )
