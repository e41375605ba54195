/* Translates with a .tflite file of keras_seq2seq: ids in, ids out.
 *
 *     Seq2SeqError error;
 *     Seq2Seq *model = seq2seq_open("model.tflite", NULL, &error);
 *     int32_t *ids = malloc(sizeof *ids * seq2seq_limits(model).target_length);
 *     Seq2SeqResult result = {ids, 0, 0};
 *     if (!seq2seq_translate(model, source, count, &result, &error)) puts(error.text);
 *     seq2seq_close(model);
 *
 * Lengths: S ids of a source at most, EOS included, and T of a target; V ids in each vocabulary.
 * A model is for one thread at a time; several models may run at once.
 */
#ifndef SEQ2SEQ_H_
#define SEQ2SEQ_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Seq2Seq Seq2Seq;

/* What went wrong, what was expected and what helps, as a sentence. */
typedef struct {
  char text[512];
} Seq2SeqError;

typedef struct {
  const char *manifest;      /* NULL: the file's name and ".json" */
  int threads;               /* 0: one */
  int streams;               /* for seq2seq_stream, too */
  int skip_sha256;           /* for tests of damaged files alone */
} Seq2SeqOptions;

typedef struct {
  int source_length; /* S */
  int target_length; /* T */
  int source_vocabulary;
  int target_vocabulary;
  int eos;
} Seq2SeqLimits;

typedef struct {
  int32_t *ids;  /* the caller's, of T places; `length` are filled */
  int length;    /* tokens before EOS */
  float score;   /* natural log-probability */
} Seq2SeqResult;

/* Called for each token as it comes; attention is [S], or NULL if the model has none. Any value but
 * 0 ends the translation there, which is no error. */
typedef int (*Seq2SeqListener)(void *context, int32_t id, float score, const float *attention);

/* Opens a file whose SHA-256 and shapes are the manifest's; NULL, and why in `error`, if it is not
 * so. `options` may be NULL. */
Seq2Seq *seq2seq_open(const char *file, const Seq2SeqOptions *options, Seq2SeqError *error);
void seq2seq_close(Seq2Seq *model);
Seq2SeqLimits seq2seq_limits(const Seq2Seq *model);

/* Translates `count` ids: the source's tokens, at most S; EOS is supplied where it is absent and
 * may be given. No ids give no tokens. True, or false and why in `error`. */
int seq2seq_translate(Seq2Seq *model, const int32_t *ids, int count, Seq2SeqResult *result,
                      Seq2SeqError *error);

/* The same by encode and decode_step, greedily, telling `listener` each token. */
int seq2seq_stream(Seq2Seq *model, const int32_t *ids, int count, Seq2SeqListener listener,
                   void *context, Seq2SeqResult *result, Seq2SeqError *error);

#ifdef __cplusplus
}
#endif

#endif
