"""One signature of a SavedModel as a model of Triton's Python backend, for make_repository.py.

Triton hands over the requests of a batch together; they become one call.
"""

import json
import os
import sys

# oneDNN keeps what it prepares for each shape of a batch: 200 MB, for no speed here.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path[:0] = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # which some builds ignore

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
import tensorflow_text  # noqa: E402, F401  its operators are in the graph
import triton_python_backend_utils as pb_utils  # noqa: E402


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        threads = int(config["parameters"]["threads"]["string_value"])
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
        version = os.path.join(args["model_repository"], args["model_version"])
        self.model = tf.saved_model.load(os.path.join(version, "model"))  # keeps the weights alive
        self.run = self.model.signatures[config["parameters"]["signature"]["string_value"]]
        self.inputs = [about["name"] for about in config["input"]]
        self.outputs = [about["name"] for about in config["output"]]

    def execute(self, requests):
        parts = {
            name: [pb_utils.get_input_tensor_by_name(r, name).as_numpy() for r in requests]
            for name in self.inputs
        }
        counts = [len(part) for part in parts[self.inputs[0]]]
        try:
            joined = {name: tf.constant(np.concatenate(parts[name])) for name in self.inputs}
            answer = {name: value.numpy() for name, value in self.run(**joined).items()}
        except tf.errors.OpError as error:
            refused = pb_utils.InferenceResponse(error=pb_utils.TritonError(error.message))
            return [refused] * len(requests)
        splits = {name: np.split(answer[name], np.cumsum(counts)[:-1]) for name in self.outputs}
        return [
            pb_utils.InferenceResponse(
                [pb_utils.Tensor(name, splits[name][i]) for name in self.outputs]
            )
            for i in range(len(requests))
        ]
