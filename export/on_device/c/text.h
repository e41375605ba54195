/* Text to ids and ids to text, by the rules of a manifest (docs/manifest.md).
 *
 * All but the Unicode forms, which want tables that C has not: sources must come in the form that
 * the manifest names, as keyboards give NFC. Sources have at most 4,096 characters. Vocabularies
 * with rules of SentencePiece's own, or with pieces that users defined, are refused.
 */
#ifndef TEXT_H_
#define TEXT_H_

#include <stddef.h>
#include <stdint.h>

#include "seq2seq.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Tokenizer Tokenizer;

/* The tokenizer of `side`, "source" or "target"; NULL and why in `error`. */
Tokenizer *tokenizer_open(const char *manifest, const char *side, Seq2SeqError *error);
void tokenizer_close(Tokenizer *tokenizer);

/* The first ids of a text in UTF-8, at most `room`, without EOS: how many, or -1 and `error`. */
int tokenizer_encode(const Tokenizer *tokenizer, const char *text, int32_t *ids, int room,
                     Seq2SeqError *error);

/* The text of ids, in valid UTF-8 with NUL, to be freed; NULL if memory is out. */
char *tokenizer_decode(const Tokenizer *tokenizer, const int32_t *ids, int count);

#ifdef __cplusplus
}
#endif

#endif
