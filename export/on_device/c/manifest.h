/* The manifest beside a .tflite file (docs/manifest.md): what this client needs of it. */
#ifndef MANIFEST_H_
#define MANIFEST_H_

#include "json.h"
#include "seq2seq.h"

enum { MOST_DIMENSIONS = 8 };

typedef struct {
  char *text; /* what `root` points into */
  Json root;
  char sha256[65];
  int bos;
  Seq2SeqLimits limits;
} Manifest;

/* `float32 [1, 64]`: what a tensor is. */
typedef struct {
  int is_float; /* else int32 */
  int rank;
  int dimensions[MOST_DIMENSIONS];
} TensorShape;

/* True, or false and why in `error`; manifest_forget frees in both cases. */
int manifest_read(const char *path, Manifest *manifest, Seq2SeqError *error);
void manifest_forget(Manifest *manifest);

/* What a signature's `side`, inputs or outputs, holds. */
Json manifest_side(const Manifest *manifest, const char *signature, const char *side);
int manifest_shape(Json side, const char *name, TensorShape *shape);

/* Writes the sentence and gives 0. */
int seq2seq_fail(Seq2SeqError *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
