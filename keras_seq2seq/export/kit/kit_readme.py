"""How a serving kit is used."""

from collections.abc import Sequence

from keras_seq2seq.export.kit.server_files import IMAGE, MAX_BATCH

_TEXT = """\
# Serving @NAMES@

What a model translates, its requests, replies and limits: `MODEL_CARD.md` in the
`assets.extra` of each version.

## Start

```
docker compose up -d --wait
```

TensorFlow Serving listens at ports 8500 (gRPC) and 8501 (REST) of this machine alone; it asks
nobody for a password. `SERVING_HOST`, `SERVING_IMAGE` and `SERVING_MEMORY` are read from the
environment or from a file `.env`. It is healthy once every model in `config/models.config`
can answer: new versions first run the requests in `assets.extra/tf_serving_warmup_requests`.

To stop it:

```
docker compose down
```

## Ask

```
curl http://localhost:8501/v1/models/@NAME@
curl -d '{"instances": ["..."]}' http://localhost:8501/v1/models/@NAME@:predict
curl -d '{"signature_name": "beam", "instances": ["..."]}' http://localhost:8501/v1/models/@NAME@:predict
curl http://localhost:8501/monitoring/prometheus/metrics
```

A request of more than @MAX@ texts is refused, and so is one that finds too many waiting
(503): send it again a little later.

## Roll out

```
keras-seq2seq export RUN --serving DIRECTORY --name @NAME@
```

adds `models/@NAME@/<next number>`, whole or not at all. The server finds it within seconds,
warms it up and then answers with it; the version before stays in memory and can be named in
requests (`/v1/models/@NAME@/versions/1:predict`). Copied from elsewhere, a version needs a
name that is no number until it is whole: `mv models/@NAME@/.new models/@NAME@/7`. Versions
older than the last two may go.

## Roll back

In `config/models.config` put the number of the good version in the place of `latest`:

```
model_version_policy { specific { versions: 1 } }
```

The server reads the file every 30 seconds, and answers with the other version until the good
one is there. Put `latest` back before the next roll-out.

## Memory

The limit in `compose.yaml` is for two versions of each model. Where memory grows from reload
to reload, let jemalloc allocate, which gives back what is freed:

```
FROM @IMAGE@
RUN apt-get update && apt-get install -y --no-install-recommends libjemalloc2
ENV LD_PRELOAD=libjemalloc.so.2
```

## Files

Once `compose.yaml`, this file or one in `config` is edited, exports leave it alone;
`models.config` then only gets models that are missing in it. Removed, a file comes anew.
"""


def kit_readme(names: Sequence[str]) -> str:
    """README.md of a kit with models of these names, in Markdown."""
    replaced = {
        "@NAMES@": ", ".join(names),
        "@NAME@": names[0] if names else "NAME",
        "@MAX@": str(MAX_BATCH),
        "@IMAGE@": IMAGE,
    }
    text = _TEXT
    for key, value in replaced.items():
        text = text.replace(key, value)
    return text
