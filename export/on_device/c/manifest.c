#include "manifest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 3, LARGEST = 1 << 28, LONGEST = 1 << 20 };

int seq2seq_fail(Seq2SeqError *error, const char *format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(error->text, sizeof error->text, format, values);
  va_end(values);
  return 0;
}

static char *whole_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  char *text = NULL;
  long size = fseek(file, 0, SEEK_END) ? -1 : ftell(file);
  if (size >= 0 && size < LARGEST && !fseek(file, 0, SEEK_SET)) text = malloc((size_t)size + 1);
  if (text && fread(text, 1, (size_t)size, file) != (size_t)size) {
    free(text);
    text = NULL;
  }
  fclose(file);
  if (text) text[size] = 0;
  return text;
}

static int number(const Manifest *manifest, const char *key, int least, int most, int *out,
                  Seq2SeqError *error) {
  if (json_int(json_member(manifest->root, key), out) && *out >= least && *out <= most) return 1;
  return seq2seq_fail(error, "The manifest needs a whole number from %d to %d as \"%s\". Export "
                      "the model again.", least, most, key);
}

int manifest_read(const char *path, Manifest *manifest, Seq2SeqError *error) {
  Seq2SeqLimits *limits = &manifest->limits;
  int format;
  memset(manifest, 0, sizeof *manifest);
  manifest->text = whole_file(path);
  if (!manifest->text)
    return seq2seq_fail(error, "%s cannot be read. The manifest belongs beside the .tflite file.",
                        path);
  manifest->root = json_check(manifest->text);
  if (!manifest->root.at)
    return seq2seq_fail(error, "%s is no JSON. Copy it again, as UTF-8.", path);
  if (!json_int(json_member(manifest->root, "format"), &format) || format != FORMAT)
    return seq2seq_fail(error, "%s is no manifest of format %d. Export the model again with the "
                        "version of keras_seq2seq that this client comes from.", path, FORMAT);
  if (json_string(json_member(manifest->root, "sha256"), manifest->sha256,
                  sizeof manifest->sha256) != 64)
    return seq2seq_fail(error, "%s has no \"sha256\" of 64 digits. Export the model again.", path);
  return number(manifest, "max_source_length", 2, LONGEST, &limits->source_length, error) &&
         number(manifest, "max_target_length", 1, LONGEST, &limits->target_length, error) &&
         number(manifest, "source_vocabulary_size", 4, LARGEST, &limits->source_vocabulary,
                error) &&
         number(manifest, "target_vocabulary_size", 4, LARGEST, &limits->target_vocabulary,
                error) &&
         number(manifest, "bos_id", 0, 3, &manifest->bos, error) &&
         number(manifest, "eos_id", 0, 3, &limits->eos, error);
}

void manifest_forget(Manifest *manifest) {
  free(manifest->text);
  memset(manifest, 0, sizeof *manifest);
}

Json manifest_side(const Manifest *manifest, const char *signature, const char *side) {
  return json_member(json_member(json_member(manifest->root, "signatures"), signature), side);
}

int manifest_shape(Json side, const char *name, TensorShape *shape) {
  Json tensor = json_member(side, name), dtype = json_member(tensor, "dtype");
  memset(shape, 0, sizeof *shape);
  shape->is_float = json_is(dtype, "float32");
  if (!shape->is_float && !json_is(dtype, "int32")) return 0;
  Json dimensions = json_member(tensor, "shape");
  if (!dimensions.at || *dimensions.at != '[') return 0;
  for (JsonItem item = json_first(dimensions); item.value.at; item = json_next(item))
    if (shape->rank == MOST_DIMENSIONS ||
        !json_int(item.value, &shape->dimensions[shape->rank++]))
      return 0;
  return 1;
}
