"""A server for development that speaks as TensorFlow Serving does: REST and gRPC."""

from typing import TYPE_CHECKING

from keras_seq2seq.lazy_names import lazy_names

if TYPE_CHECKING:
    from keras_seq2seq.serving.model_server import ModelServer as ModelServer
    from keras_seq2seq.serving.serving_error import ServingError as ServingError
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__)
