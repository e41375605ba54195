/* One spelling for a source: what stands before the pieces. */
#ifndef NORMALIZATION_H_
#define NORMALIZATION_H_

#include <stddef.h>
#include <stdint.h>

#include "json.h"
#include "seq2seq.h"

enum { LONG_TEXT = 4096 }; /* characters; longer sources would have to be capped and cut */

/* Sorted pairs: ranges of code points, or capital and small letter. */
typedef struct {
  uint32_t (*pairs)[2];
  size_t count;
} Pairs;

typedef struct {
  int lowercase, collapse_whitespace, drop_invisible;
  Pairs white_space, invisible, unseen, greek, lower;
} Normalization;

int normalization_read(Json manifest, Json side, Normalization *rules, Seq2SeqError *error);
void normalization_forget(Normalization *rules);

/* The text, normalized, to be freed; empty if it is blank. NULL and why in `error`. */
char *normalized(const Normalization *rules, const char *text, Seq2SeqError *error);

/* Reads the code point at `*at`, and moves behind it; U+FFFD for each maximal part of a character
 * that is none in UTF-8. Writes one as UTF-8, up to 4 bytes, and gives where it ends. */
uint32_t next_code(const char **at);
char *put_code(uint32_t code, char *out);

#endif
