#include "seq2seq.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "litert_calls.h"
#include "manifest.h"
#include "sha256.h"

enum { MOST_TENSORS = 64, LONGEST_NAME = 64 };

/* One input or output and the memory that LiteRT reads or writes it in. */
typedef struct {
  char name[LONGEST_NAME];
  TensorShape shape;
  size_t bytes;
} Tensor;

typedef struct {
  size_t count;
  Tensor tensors[MOST_TENSORS];
  LiteRtTensorBuffer buffers[MOST_TENSORS]; /* as LiteRT wants them, in the order of `tensors` */
} Side;

typedef struct {
  const char *name;
  LiteRtParamIndex index;
  Side in, out;
} Signature;

struct Seq2Seq {
  Seq2SeqLimits limits;
  int bos, streams;
  void *content;
  size_t size;
  LiteRtEnvironment environment;
  LiteRtModel model;
  LiteRtOptions options;
  LiteRtCompiledModel compiled;
  Signature translate, encode, decode_step;
};

/* === Opening === */

#define CALL(call, what)                                                                        \
  do {                                                                                          \
    LiteRtStatus status_ = (call);                                                              \
    if (status_ != LITERT_OK)                                                                   \
      return seq2seq_fail(error, "LiteRT gave status %d for %s. Is the file whole, and "         \
                          "libLiteRt.so of version 2.3 or later?", (int)status_, what);         \
  } while (0)

static void written(const TensorShape *shape, char out[128]) {
  int at = snprintf(out, 128, "%s [", shape->is_float ? "float32" : "int32");
  for (int i = 0; i < shape->rank; i++)
    at += snprintf(out + at, 128 - (size_t)at, i ? ", %d" : "%d", shape->dimensions[i]);
  snprintf(out + at, 128 - (size_t)at, "]");
}

static int map_file(Seq2Seq *model, const char *file, const char *sha256, Seq2SeqError *error) {
  int opened = open(file, O_RDONLY | O_CLOEXEC);
  if (opened < 0) return seq2seq_fail(error, "%s cannot be read.", file);
  char digits[65] = "";
  struct stat status;
  int fine = !fstat(opened, &status) && S_ISREG(status.st_mode) && status.st_size > 0;
  if (!fine) {
    seq2seq_fail(error, "%s is no file, or an empty one.", file);
  } else if (sha256 && !sha256_of_file(opened, digits)) {
    fine = seq2seq_fail(error, "%s cannot be read to its end.", file);
  } else if (sha256 && strcmp(digits, sha256)) {
    fine = seq2seq_fail(error, "%s has the SHA-256 %.12s..., but its manifest says %.12s.... Copy "
                        "both again: they belong together.", file, digits, sha256);
  } else {
    model->size = (size_t)status.st_size;
    model->content = mmap(NULL, model->size, PROT_READ, MAP_PRIVATE, opened, 0);
    if (model->content == MAP_FAILED) {
      model->content = NULL;
      fine = seq2seq_fail(error, "%s cannot be mapped into memory.", file);
    }
  }
  close(opened);
  return fine;
}

/* Takes the file's pages off this process: LiteRT has its own copy of most weights, and the rows of
 * embeddings that it reads in the file come back from the page cache, a few for each sentence. */
static void forget_pages(Seq2Seq *model) { madvise(model->content, model->size, MADV_DONTNEED); }

static int compile(Seq2Seq *model, int threads, Seq2SeqError *error) {
  /* No search for graphics and neural processors, and no word of it. */
  LiteRtEnvOption plain[2] = {{.tag = LITERT_ACCELERATORS}, {.tag = LITERT_LEAST_SEVERITY}};
  plain[0].value.type = plain[1].value.type = LITERT_INT;
  plain[0].value.int_value = LITERT_CPU;
  plain[1].value.int_value = 2; /* warnings */
  CALL(LiteRtCreateEnvironment(2, plain, &model->environment), "an environment");
  CALL(LiteRtCreateModelFromBuffer(model->environment, model->content, model->size, &model->model),
       "reading the model");
  CALL(LiteRtCreateOptions(&model->options), "options");
  CALL(LiteRtSetOptionsHardwareAccelerators(model->options, LITERT_CPU), "choosing the CPU");
  /* Signatures have the same weights, but each packs its own unless there is a cache: twice the
   * memory. It must not be a file, which LiteRT would take for the cache of another model, too. */
  char *text = malloc(96);
  if (!text) return seq2seq_fail(error, "Out of memory.");
  snprintf(text, 96, "num_threads = %d\nweight_cache_file_path = \":memory\"\n",
           threads > 0 ? threads : 1);
  LiteRtOpaqueOptions cpu;
  CALL(LiteRtCreateOpaqueOptions("xnnpack", text, free, &cpu), "options of the CPU");
  CALL(LiteRtAddOpaqueOptions(model->options, cpu), "options of the CPU");
  CALL(LiteRtCreateCompiledModel(model->environment, model->model, model->options,
                                 &model->compiled), "preparing the model");
  forget_pages(model);
  return 1;
}

/* Makes the buffer of the tensor at `place`, which must be what the manifest says. */
static int add_tensor(Seq2Seq *model, Signature *signature, int is_output, size_t place,
                      const char *name, LiteRtTensor handle, Json expected, Seq2SeqError *error) {
  Side *side = is_output ? &signature->out : &signature->in;
  Tensor *tensor = &side->tensors[place];
  LiteRtRankedTensorType type;
  LiteRtTensorBufferRequirements needs;
  TensorShape said;
  size_t bytes = 4, held;
  CALL(LiteRtGetRankedTensorType(handle, &type), name);
  if ((type.element_type != LITERT_INT32 && type.element_type != LITERT_FLOAT32) ||
      type.layout.rank > MOST_DIMENSIONS || strlen(name) >= LONGEST_NAME)
    return seq2seq_fail(error, "%s of %s is neither int32 nor float32, or of a shape that no file "
                        "of keras_seq2seq has.", name, signature->name);
  strcpy(tensor->name, name);
  tensor->shape.is_float = type.element_type == LITERT_FLOAT32;
  tensor->shape.rank = (int)type.layout.rank;
  for (int i = 0; i < tensor->shape.rank; i++) {
    int length = tensor->shape.dimensions[i] = type.layout.dimensions[i];
    if (length < 1 || bytes > (size_t)1 << 30 || (size_t)length > ((size_t)1 << 30) / bytes)
      return seq2seq_fail(error, "%s of %s has a dimension of %d.", name, signature->name, length);
    bytes *= (size_t)length;
  }
  if (!manifest_shape(expected, name, &said) ||
      memcmp(&said, &tensor->shape, sizeof said)) {
    char ours[128], theirs[128];
    written(&tensor->shape, ours);
    written(&said, theirs);
    return seq2seq_fail(error, "%s of %s is %s in the file, but %s in the manifest. Copy both "
                        "again: they belong together.", name, signature->name, ours,
                        json_member(expected, name).at ? theirs : "absent");
  }
  if (is_output)
    CALL(LiteRtGetCompiledModelOutputBufferRequirements(model->compiled, signature->index, place,
                                                        &needs), name);
  else
    CALL(LiteRtGetCompiledModelInputBufferRequirements(model->compiled, signature->index, place,
                                                       &needs), name);
  CALL(LiteRtCreateManagedTensorBufferFromRequirements(model->environment, &type, needs,
                                                       &side->buffers[place]), name);
  side->count = place + 1; /* what is to be freed */
  CALL(LiteRtGetTensorBufferSize(side->buffers[place], &held), name);
  if (held < bytes) return seq2seq_fail(error, "LiteRT gave %s too little memory.", name);
  tensor->bytes = bytes;
  return 1;
}

static int prepare(Seq2Seq *model, Signature *signature, const char *name,
                   const Manifest *manifest, Seq2SeqError *error) {
  LiteRtParamIndex count, inputs, outputs;
  LiteRtSignature handle;
  const char *key = "";
  signature->name = name;
  CALL(LiteRtGetNumModelSignatures(model->model, &count), "the signatures");
  for (signature->index = 0; signature->index < count; signature->index++) {
    CALL(LiteRtGetModelSignature(model->model, signature->index, &handle), "a signature");
    CALL(LiteRtGetSignatureKey(handle, &key), "a signature");
    if (!strcmp(key, name)) break;
  }
  if (signature->index == count)
    return seq2seq_fail(error, "The file has no signature \"%s\". Export the model again.", name);
  CALL(LiteRtGetNumSignatureInputs(handle, &inputs), name);
  CALL(LiteRtGetNumSignatureOutputs(handle, &outputs), name);
  if (inputs > MOST_TENSORS || outputs > MOST_TENSORS)
    return seq2seq_fail(error, "\"%s\" has more than %d inputs or outputs.", name, MOST_TENSORS);
  Json expected = manifest_side(manifest, name, "inputs");
  for (LiteRtParamIndex i = 0; i < inputs; i++) {
    LiteRtTensor tensor;
    CALL(LiteRtGetSignatureInputName(handle, i, &key), name);
    CALL(LiteRtGetSignatureInputTensorByIndex(handle, i, &tensor), key);
    if (!add_tensor(model, signature, 0, i, key, tensor, expected, error)) return 0;
  }
  expected = manifest_side(manifest, name, "outputs");
  for (LiteRtParamIndex i = 0; i < outputs; i++) {
    LiteRtTensor tensor;
    CALL(LiteRtGetSignatureOutputName(handle, i, &key), name);
    CALL(LiteRtGetSignatureOutputTensorByIndex(handle, i, &tensor), key);
    if (!add_tensor(model, signature, 1, i, key, tensor, expected, error)) return 0;
  }
  return 1;
}

static int place_of(const Side *side, const char *name) {
  for (size_t i = 0; i < side->count; i++)
    if (!strcmp(side->tensors[i].name, name)) return (int)i;
  return -1;
}

/* Whether a tensor is there, of this type and of [1] (length 1) or [1, length]. */
static int has(const Signature *signature, int is_output, const char *name, int is_float, int rank,
               int length, Seq2SeqError *error) {
  const Side *side = is_output ? &signature->out : &signature->in;
  int place = place_of(side, name);
  const TensorShape wanted = {is_float, rank, {1, rank == 2 ? length : 0}};
  if (place >= 0 && !memcmp(&side->tensors[place].shape, &wanted, sizeof wanted)) return 1;
  char words[128], came[128] = "absent";
  written(&wanted, words);
  if (place >= 0) written(&side->tensors[place].shape, came);
  return seq2seq_fail(error, "The %s %s of %s must be %s, but is %s. Export the model again.",
                      is_output ? "output" : "input", name, signature->name, words, came);
}

static int fits(const Seq2Seq *model, const Manifest *manifest, Seq2SeqError *error) {
  const Seq2SeqLimits *limits = &manifest->limits;
  const Signature *step = &model->decode_step, *encode = &model->encode;
  int source = limits->source_length, target = limits->target_length;
  if (!has(&model->translate, 0, "ids", 0, 2, source, error) ||
      !has(&model->translate, 1, "ids", 0, 2, target, error) ||
      !has(&model->translate, 1, "length", 0, 1, 1, error) ||
      !has(&model->translate, 1, "score", 1, 1, 1, error))
    return 0;
  if (!model->streams) return 1;
  if (!has(encode, 0, "ids", 0, 2, source, error) ||
      !has(encode, 1, "finished", 0, 1, 1, error) || !has(step, 0, "ids", 0, 1, 1, error) ||
      !has(step, 1, "next_ids", 0, 1, 1, error) || !has(step, 1, "score", 1, 1, 1, error))
    return 0;
  if (place_of(&step->out, "attention") >= 0 && !has(step, 1, "attention", 1, 2, source, error))
    return 0;
  for (size_t i = 0; i < step->in.count; i++) {
    const Tensor *wanted = &step->in.tensors[i];
    if (!strcmp(wanted->name, "ids")) continue;
    const Side *sides[] = {&encode->out, &step->out};
    for (int side = 0; side < (strncmp(wanted->name, "state_", 6) ? 1 : 2); side++) {
      int place = place_of(sides[side], wanted->name);
      if (place < 0 || memcmp(&sides[side]->tensors[place].shape, &wanted->shape,
                              sizeof wanted->shape))
        return seq2seq_fail(error, "%s, which decode_step reads, is not what %s gives. Export the "
                            "model again.", wanted->name, side ? "decode_step" : "encode");
    }
  }
  return 1;
}

static int open_all(Seq2Seq *model, const char *file, const Seq2SeqOptions *options,
                    Manifest *manifest, Seq2SeqError *error) {
  char beside[4096];
  const char *path = options->manifest;
  if (!path) {
    if (snprintf(beside, sizeof beside, "%s.json", file) >= (int)sizeof beside)
      return seq2seq_fail(error, "The file's name is too long.");
    path = beside;
  }
  if (!manifest_read(path, manifest, error)) return 0;
  model->limits = manifest->limits;
  model->bos = manifest->bos;
  model->streams = options->streams;
  return map_file(model, file, options->skip_sha256 ? NULL : manifest->sha256, error) &&
         compile(model, options->threads, error) &&
         prepare(model, &model->translate, "translate", manifest, error) &&
         (!model->streams || (prepare(model, &model->encode, "encode", manifest, error) &&
                              prepare(model, &model->decode_step, "decode_step", manifest,
                                      error))) &&
         fits(model, manifest, error);
}

Seq2Seq *seq2seq_open(const char *file, const Seq2SeqOptions *options, Seq2SeqError *error) {
  static const Seq2SeqOptions plain;
  Manifest manifest = {0};
  Seq2Seq *model = calloc(1, sizeof *model);
  if (!model) {
    seq2seq_fail(error, "Out of memory.");
    return NULL;
  }
  if (!open_all(model, file, options ? options : &plain, &manifest, error)) {
    seq2seq_close(model);
    model = NULL;
  }
  manifest_forget(&manifest);
  return model;
}

static void release(Side *side) {
  for (size_t i = 0; i < side->count; i++) LiteRtDestroyTensorBuffer(side->buffers[i]);
}

void seq2seq_close(Seq2Seq *model) {
  if (!model) return;
  Signature *const signatures[] = {&model->translate, &model->encode, &model->decode_step};
  for (size_t i = 0; i < 3; i++) {
    release(&signatures[i]->in);
    release(&signatures[i]->out);
  }
  if (model->compiled) LiteRtDestroyCompiledModel(model->compiled);
  if (model->model) LiteRtDestroyModel(model->model);
  if (model->options) LiteRtDestroyOptions(model->options);
  if (model->environment) LiteRtDestroyEnvironment(model->environment);
  if (model->content) munmap(model->content, model->size);
  free(model);
}

Seq2SeqLimits seq2seq_limits(const Seq2Seq *model) { return model->limits; }

/* === Running === */

/* Copies between a tensor and memory of ours. */
static int move(Side *side, int place, void *ours, int writes, Seq2SeqError *error) {
  void *theirs;
  CALL(LiteRtLockTensorBuffer(side->buffers[place], &theirs, writes ? LITERT_WRITE : LITERT_READ),
       side->tensors[place].name);
  if (writes)
    memcpy(theirs, ours, side->tensors[place].bytes);
  else
    memcpy(ours, theirs, side->tensors[place].bytes);
  CALL(LiteRtUnlockTensorBuffer(side->buffers[place]), side->tensors[place].name);
  return 1;
}

static int get(Signature *signature, const char *name, void *ours, Seq2SeqError *error) {
  return move(&signature->out, place_of(&signature->out, name), ours, 0, error);
}

static int put(Signature *signature, const char *name, void *ours, Seq2SeqError *error) {
  return move(&signature->in, place_of(&signature->in, name), ours, 1, error);
}

static int run(Seq2Seq *model, Signature *signature, Seq2SeqError *error) {
  CALL(LiteRtRunCompiledModel(model->compiled, signature->index, signature->in.count,
                              signature->in.buffers, signature->out.count,
                              signature->out.buffers), signature->name);
  return 1;
}

/* Writes the source, with EOS where it is absent and PAD (0) behind it, and runs. */
static int run_on_source(Seq2Seq *model, Signature *signature, const int32_t *ids, int count,
                         Seq2SeqError *error) {
  int most = model->limits.source_length;
  int ends = count > 0 && ids[count - 1] == model->limits.eos;
  if (count < 0 || count + !ends > most)
    return seq2seq_fail(error, "A source of %d ids is too long: the model reads %d, EOS included. "
                        "Shorten the text as docs/manifest.md says.", count, most);
  int32_t *row = calloc((size_t)most, sizeof *row);
  if (!row) return seq2seq_fail(error, "Out of memory.");
  if (count) memcpy(row, ids, (size_t)count * sizeof *row);
  if (!ends) row[count] = model->limits.eos;
  int fine = put(signature, "ids", row, error) && run(model, signature, error);
  free(row);
  return fine;
}

static int is_token(const Seq2Seq *model, int32_t id, float score, Seq2SeqError *error) {
  if (id >= 0 && id < model->limits.target_vocabulary && isfinite(score)) return 1;
  return seq2seq_fail(error, "The model gave the id %d with the score %g, but ids are 0 to %d and "
                      "scores finite. The file is damaged, or the runtime wrong.", (int)id,
                      (double)score, model->limits.target_vocabulary - 1);
}

int seq2seq_translate(Seq2Seq *model, const int32_t *ids, int count, Seq2SeqResult *result,
                      Seq2SeqError *error) {
  Signature *signature = &model->translate;
  int32_t length;
  float score;
  result->length = 0;
  if (!run_on_source(model, signature, ids, count, error) ||
      !get(signature, "length", &length, error) || !get(signature, "score", &score, error) ||
      !get(signature, "ids", result->ids, error))
    return 0;
  if (length < 0 || length > model->limits.target_length)
    return seq2seq_fail(error, "The model gave a length of %d, but lengths are 0 to %d. The file "
                        "is damaged, or the runtime wrong.", (int)length,
                        model->limits.target_length);
  if (!is_token(model, 0, score, error)) return 0;
  for (int32_t i = 0; i < length; i++)
    if (!is_token(model, result->ids[i], score, error)) return 0;
  result->length = length;
  result->score = score;
  forget_pages(model);
  return 1;
}

/* Gives decode_step what `from` gave: memory and states, or states alone. */
static int carry(Seq2Seq *model, Side *from, Seq2SeqError *error) {
  Side *to = &model->decode_step.in;
  for (size_t i = 0; i < to->count; i++) {
    int place = place_of(from, to->tensors[i].name);
    if (place < 0) continue;
    void *theirs;
    CALL(LiteRtLockTensorBuffer(from->buffers[place], &theirs, LITERT_READ), "a state");
    if (!move(to, (int)i, theirs, 1, error)) return 0;
    CALL(LiteRtUnlockTensorBuffer(from->buffers[place]), "a state");
  }
  return 1;
}

int seq2seq_stream(Seq2Seq *model, const int32_t *ids, int count, Seq2SeqListener listener,
                   void *context, Seq2SeqResult *result, Seq2SeqError *error) {
  Signature *step = &model->decode_step;
  int32_t finished, token = model->bos;
  float score = 0;
  double total = 0;
  result->length = 0;
  result->score = 0;
  if (!model->streams)
    return seq2seq_fail(error, "Streaming needs the option `streams` when the model is opened.");
  if (!run_on_source(model, &model->encode, ids, count, error) ||
      !get(&model->encode, "finished", &finished, error))
    return 0;
  if (finished) return 1;
  float *attention = NULL;
  if (place_of(&step->out, "attention") >= 0) {
    attention = malloc((size_t)model->limits.source_length * sizeof *attention);
    if (!attention) return seq2seq_fail(error, "Out of memory.");
  }
  int fine = carry(model, &model->encode.out, error);
  while (fine && result->length < model->limits.target_length) {
    fine = put(step, "ids", &token, error) && run(model, step, error) &&
           get(step, "next_ids", &token, error) && get(step, "score", &score, error) &&
           (!attention || get(step, "attention", attention, error)) &&
           is_token(model, token, score, error);
    if (!fine) break;
    total += (double)score;
    if (token == model->limits.eos) break;
    result->ids[result->length++] = token;
    if (listener && listener(context, token, score, attention)) break;
    fine = carry(model, &step->out, error);
  }
  result->score = (float)total;
  free(attention);
  forget_pages(model);
  return fine;
}
