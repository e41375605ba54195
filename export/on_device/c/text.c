#include "text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manifest.h"
#include "normalization.h"

enum { SPECIAL = 4, UNK = 1, LONGEST_PIECE = 1024 };
enum { NORMAL = '1', CONTROL = '3', BYTE = '6' };
static const char SPACE[] = "\xE2\x96\x81"; /* how SentencePiece writes a space */
static const float FAR_AWAY = 100000;       /* from which SentencePiece counts anew */

typedef enum { BYTES, CHARACTERS, UNIGRAM, BPE } Kind;

struct Tokenizer {
  Kind kind;
  int reads; /* a source's */
  int size;
  char *content;  /* the pieces, one behind the other */
  size_t *starts; /* [size + 1] */
  float *scores;  /* [size], of SentencePiece */
  char *types;    /* [size] and NUL, of SentencePiece */
  int *slots;     /* ids by the hash of their piece; 0 where there is none */
  size_t slot_count, longest;
  int byte_ids[256];
  int add_dummy_prefix, dummy_at_end, escapes, byte_fallback;
  char dummy_space; /* 's', 'e' or 0 */
  char unknown[64];
  float unknown_score;
  Normalization rules;
};

/* === Pieces by their bytes === */

static size_t hash(const char *bytes, size_t length) {
  size_t value = 2166136261u;
  for (size_t i = 0; i < length; i++) value = (value ^ (unsigned char)bytes[i]) * 16777619u;
  return value;
}

static size_t length_of(const Tokenizer *made, int id) {
  return made->starts[id + 1] - made->starts[id];
}

/* The id of a piece, or -1. */
static int find(const Tokenizer *made, const char *bytes, size_t length) {
  size_t slot = hash(bytes, length) % made->slot_count;
  for (; made->slots[slot]; slot = (slot + 1) % made->slot_count) {
    int id = made->slots[slot];
    if (length_of(made, id) == length && !memcmp(made->content + made->starts[id], bytes, length))
      return id;
  }
  return -1;
}

static void keep(Tokenizer *made, int id) {
  size_t length = length_of(made, id);
  size_t slot = hash(made->content + made->starts[id], length) % made->slot_count;
  if (!length || find(made, made->content + made->starts[id], length) >= 0) return;
  while (made->slots[slot]) slot = (slot + 1) % made->slot_count;
  made->slots[slot] = id;
  if (length > made->longest) made->longest = length;
}

/* === Reading the manifest === */

static int is_true(Json record, const char *name) {
  Json value = json_member(record, name);
  return value.at && *value.at == 't';
}

static int read_pieces(Tokenizer *made, Json pieces, size_t room, Seq2SeqError *error) {
  char piece[LONGEST_PIECE];
  for (JsonItem item = json_first(pieces); item.value.at; item = json_next(item)) made->size++;
  made->content = malloc(room);
  made->starts = calloc((size_t)made->size + 1, sizeof *made->starts);
  made->slot_count = 2 * (size_t)made->size + 1;
  made->slots = calloc(made->slot_count, sizeof *made->slots);
  if (!made->content || !made->starts || !made->slots)
    return seq2seq_fail(error, "Out of memory.");
  if (made->size < SPECIAL)
    return seq2seq_fail(error, "A vocabulary has no pieces. Export the model again.");
  int id = 0;
  for (JsonItem item = json_first(pieces); item.value.at; item = json_next(item), id++) {
    int length = json_string(item.value, piece, sizeof piece);
    if (length < 0)
      return seq2seq_fail(error, "Piece %d of a vocabulary is no string, or too long.", id);
    memcpy(made->content + made->starts[id], piece, (size_t)length);
    made->starts[id + 1] = made->starts[id] + (size_t)length;
  }
  return 1;
}

static int read_sentencepiece(Tokenizer *made, Json record, Seq2SeqError *error) {
  size_t size = (size_t)made->size;
  made->scores = malloc(size * sizeof *made->scores);
  made->types = malloc(size + 1);
  if (!made->scores || !made->types) return seq2seq_fail(error, "Out of memory.");
  int count = 0;
  JsonItem item = json_first(json_member(record, "scores"));
  for (; item.value.at && count < made->size; item = json_next(item)) {
    double score;
    if (!json_double(item.value, &score)) break;
    made->scores[count++] = (float)score;
  }
  if (count < made->size ||
      json_string(json_member(record, "types"), made->types, size + 1) != made->size)
    return seq2seq_fail(error, "A vocabulary lacks scores or types. Export the model again.");
  Json charsmap = json_member(record, "charsmap");
  if (made->reads && ((charsmap.at && *charsmap.at == '"') || strpbrk(made->types, "45") ||
                      is_true(record, "remove_extra_whitespaces")))
    return seq2seq_fail(error, "The source's vocabulary has rules of SentencePiece's own, or pieces "
                        "that users defined, which this client lacks. Use another client.");
  made->add_dummy_prefix = is_true(record, "add_dummy_prefix");
  made->dummy_at_end = is_true(record, "treat_whitespace_as_suffix");
  made->escapes = is_true(record, "escape_whitespaces");
  made->byte_fallback = is_true(record, "byte_fallback");
  float least = FLT_MAX;
  for (int id = 0; id < made->size; id++) {
    const char *piece = made->content + made->starts[id];
    if (made->types[id] == NORMAL) {
      keep(made, id);
      if (made->scores[id] < least) least = made->scores[id];
    } else if (made->types[id] == BYTE && length_of(made, id) == 6) { /* <0xE2> */
      made->byte_ids[strtol(piece + 3, NULL, 16) & 0xFF] = id;
    }
  }
  made->unknown_score = least - 10;
  return 1;
}

static int read_all(Tokenizer *made, Json manifest, size_t size, const char *name,
                    Seq2SeqError *error) {
  static const char *const kinds[] = {"bytes", "characters", "unigram", "bpe"};
  Json side = json_member(manifest, name);
  int place;
  if (!json_int(json_member(side, "vocabulary"), &place) || place < 0)
    return seq2seq_fail(error, "The manifest has no side \"%s\". Export the model again.", name);
  JsonItem item = json_first(json_member(manifest, "vocabularies"));
  for (; item.value.at && place; place--) item = json_next(item);
  Json record = item.value, kind = json_member(record, "kind");
  for (made->kind = BYTES; made->kind <= BPE && !json_is(kind, kinds[made->kind]);) made->kind++;
  if (made->kind > BPE)
    return seq2seq_fail(error, "The vocabulary is of a kind that this client lacks.");
  made->reads = json_member(side, "truncation").at != NULL;
  if (!made->reads && json_is(json_member(json_member(side, "normalization"), "form"), "NFD"))
    return seq2seq_fail(error, "The target's letters come in parts (NFD), which this client cannot "
                        "put together. Use another client.");
  if (made->reads && !normalization_read(manifest, side, &made->rules, error)) return 0;
  json_string(json_member(record, "unknown_surface"), made->unknown, sizeof made->unknown);
  if (!*made->unknown) strcpy(made->unknown, "\xEF\xBF\xBD");
  Json dummy = json_member(record, "dummy_space");
  made->dummy_space = json_is(dummy, "start") ? 's' : json_is(dummy, "end") ? 'e' : 0;
  if (made->kind == BYTES) return 1;
  if (!read_pieces(made, json_member(record, "pieces"), size, error)) return 0;
  if (made->kind != CHARACTERS) return read_sentencepiece(made, record, error);
  for (int id = SPECIAL; id < made->size; id++) keep(made, id);
  return 1;
}

Tokenizer *tokenizer_open(const char *path, const char *side, Seq2SeqError *error) {
  Manifest manifest;
  Tokenizer *made = calloc(1, sizeof *made);
  if (!made) {
    seq2seq_fail(error, "Out of memory.");
    return NULL;
  }
  if (!manifest_read(path, &manifest, error) ||
      !read_all(made, manifest.root, strlen(manifest.text), side, error)) {
    tokenizer_close(made);
    made = NULL;
  }
  manifest_forget(&manifest);
  return made;
}

void tokenizer_close(Tokenizer *made) {
  if (!made) return;
  free(made->content);
  free(made->starts);
  free(made->scores);
  free(made->types);
  free(made->slots);
  normalization_forget(&made->rules);
  free(made);
}

/* === Text to ids === */

/* What a cut says: where each piece begins, and its id. */
typedef struct {
  size_t *ends;
  int *ids;
  size_t count;
} Cut;

static size_t character(const char *at) {
  const char *end = at;
  next_code(&end);
  return (size_t)(end - at);
}

/* The best cut by the sum of the scores, rounded as SentencePiece 0.2.3 rounds. */
static int unigram(const Tokenizer *made, const char *text, size_t length, Cut *cut) {
  float *best = calloc(length + 1, sizeof *best);
  size_t *from = malloc((length + 1) * sizeof *from), last = 0;
  int *ids = calloc(length + 1, sizeof *ids), fine = best && from && ids;
  for (size_t i = 0; fine && i <= length; i++) from[i] = SIZE_MAX;
  for (size_t i = 0, one; fine && i < length; i = one) {
    float sum = best[i];
    int known = 0;
    one = i + character(text + i);
    if (fabsf(sum) > FAR_AWAY)
      for (size_t j = i; j <= last || j == i; j++)
        if (j == i || from[j] != SIZE_MAX) best[j] -= sum;
    for (size_t end = one; end <= length && end - i <= made->longest;) {
      int id = find(made, text + i, end - i);
      if (id >= 0) {
        float score = best[i] + made->scores[id];
        if (end > last) last = end;
        known |= end == one;
        if (from[end] == SIZE_MAX || score > best[end])
          best[end] = score, from[end] = i, ids[end] = id;
      }
      if (end == length) break;
      end += character(text + end);
    }
    if (!known) {
      float score = best[i] + made->unknown_score;
      if (one > last) last = one;
      if (from[one] == SIZE_MAX || score > best[one])
        best[one] = score, from[one] = i, ids[one] = UNK;
    }
  }
  for (size_t end = length; fine && end; end = from[end]) {
    cut->ends[cut->count] = end;
    cut->ids[cut->count++] = ids[end];
  }
  for (size_t i = 0; i < cut->count / 2; i++) { /* they came last to first */
    size_t other = cut->count - 1 - i, end = cut->ends[i];
    int id = cut->ids[i];
    cut->ends[i] = cut->ends[other], cut->ids[i] = cut->ids[other];
    cut->ends[other] = end, cut->ids[other] = id;
  }
  free(best);
  free(from);
  free(ids);
  return fine;
}

/* What the symbol that ends at `place` and the next one are together, or -1. */
static int joint(const Tokenizer *made, const char *text, const Cut *cut, size_t place) {
  size_t start = place ? cut->ends[place - 1] : 0;
  if (place + 1 >= cut->count) return -1;
  return find(made, text + start, cut->ends[place + 1] - start);
}

/* Joins the pair of the best score, the first of several, until there is none. */
static int byte_pairs(const Tokenizer *made, const char *text, size_t length, Cut *cut) {
  for (size_t end = 0; end < length;) {
    end += character(text + end);
    cut->ends[cut->count++] = end;
  }
  int *joints = malloc((cut->count + 1) * sizeof *joints);
  if (!joints) return 0;
  for (size_t i = 0; i < cut->count; i++) joints[i] = joint(made, text, cut, i);
  for (;;) {
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < cut->count; i++)
      if (joints[i] >= 0 &&
          (best == SIZE_MAX || made->scores[joints[i]] > made->scores[joints[best]]))
        best = i;
    if (best == SIZE_MAX) break;
    size_t behind = cut->count - best - 1;
    memmove(cut->ends + best, cut->ends + best + 1, behind * sizeof *cut->ends);
    memmove(joints + best, joints + best + 1, behind * sizeof *joints);
    cut->count--;
    joints[best] = joint(made, text, cut, best);
    if (best) joints[best - 1] = joint(made, text, cut, best - 1);
  }
  for (size_t i = 0, start = 0; i < cut->count; start = cut->ends[i++]) {
    int id = find(made, text + start, cut->ends[i] - start);
    cut->ids[i] = id < 0 ? UNK : id;
  }
  free(joints);
  return 1;
}

/* The text with its spaces as SentencePiece writes them, to be freed. */
static char *escaped(const Tokenizer *made, const char *text) {
  const char *space = made->escapes ? SPACE : " ";
  char *result = malloc(3 * strlen(text) + 4), *at = result;
  if (!result) return NULL;
  *result = 0;
  if (!*text) return result;
  if (made->add_dummy_prefix && !made->dummy_at_end) at = stpcpy(at, space);
  for (; *text; text++) {
    if (*text == ' ')
      at = stpcpy(at, space);
    else
      *at++ = *text;
  }
  *at = 0;
  if (made->add_dummy_prefix && made->dummy_at_end) strcpy(at, space);
  return result;
}

static int read_pieces_of(const Tokenizer *made, const char *plain, int32_t *ids, int room) {
  char *text = escaped(made, plain);
  size_t length = text ? strlen(text) : 0;
  Cut cut = {malloc((length + 1) * sizeof *cut.ends), malloc((length + 1) * sizeof *cut.ids), 0};
  int count = 0, fine = text && cut.ends && cut.ids;
  fine = fine && (made->kind == BPE ? byte_pairs : unigram)(made, text, length, &cut);
  for (size_t i = 0, start = 0; fine && i < cut.count && count < room; start = cut.ends[i++]) {
    if (cut.ids[i] == UNK && made->byte_fallback) {
      for (size_t at = start; at < cut.ends[i] && count < room; at++)
        ids[count++] = made->byte_ids[(unsigned char)text[at]];
    } else if (cut.ids[i] != UNK || !i || cut.ids[i - 1] != UNK) {
      ids[count++] = cut.ids[i]; /* unknown ones in a row are one UNK */
    }
  }
  free(text);
  free(cut.ends);
  free(cut.ids);
  return fine ? count : -1;
}

int tokenizer_encode(const Tokenizer *made, const char *text, int32_t *ids, int room,
                     Seq2SeqError *error) {
  if (!made->reads) return seq2seq_fail(error, "A target's tokenizer reads no text."), -1;
  char *plain = normalized(&made->rules, text, error);
  int count = 0;
  if (!plain) return -1;
  if (made->kind == BYTES) {
    for (char *at = plain; *at && count < room; at++)
      ids[count++] = SPECIAL + (unsigned char)*at;
  } else if (made->kind == CHARACTERS) {
    for (const char *at = plain, *end = plain; *at && count < room; at = end) {
      next_code(&end);
      int id = find(made, at, (size_t)(end - at));
      ids[count++] = id < 0 ? UNK : id;
    }
  } else {
    count = read_pieces_of(made, plain, ids, room);
    if (count < 0) seq2seq_fail(error, "Out of memory.");
  }
  free(plain);
  return count;
}

/* === Ids to text === */

/* Writes what an id stands for, if `out` is not NULL; how many bytes it is. */
static size_t surface(const Tokenizer *made, int32_t id, char *out) {
  int is_known = id >= 0 && id < (made->kind == BYTES ? SPECIAL + 256 : made->size);
  if (id == UNK || !is_known) {
    if (out) memcpy(out, made->unknown, strlen(made->unknown));
    return strlen(made->unknown);
  }
  int is_control = made->types ? made->types[id] == CONTROL : id < SPECIAL;
  if (is_control) return 0;
  const char *piece = made->kind == BYTES ? "" : made->content + made->starts[id];
  if (made->kind == BYTES || (made->types && made->types[id] == BYTE)) {
    if (out) *out = (char)(made->kind == BYTES ? id - SPECIAL : strtol(piece + 3, NULL, 16));
    return 1;
  }
  size_t length = length_of(made, id), written = 0;
  for (size_t i = 0; i < length; written++) {
    int is_space = made->types && length - i >= 3 && !memcmp(piece + i, SPACE, 3);
    if (out) out[written] = is_space ? ' ' : piece[i];
    i += is_space ? 3 : 1;
  }
  return written;
}

char *tokenizer_decode(const Tokenizer *made, const int32_t *ids, int count) {
  size_t room = 1, length = 0;
  for (int i = 0; i < count; i++) room += surface(made, ids[i], NULL);
  char *bytes = malloc(room), *text = malloc(3 * room), *out = text;
  if (bytes && text) {
    for (int i = 0; i < count; i++) length += surface(made, ids[i], bytes + length);
    bytes[length] = 0;
    const char *at = bytes;
    if (made->dummy_space == 's' && length && *at == ' ') at++;
    if (made->dummy_space == 'e' && length && bytes[length - 1] == ' ') bytes[--length] = 0;
    while (at < bytes + length) out = put_code(next_code(&at), out);
    *out = 0;
  } else {
    free(text);
    text = NULL;
  }
  free(bytes);
  return text;
}
