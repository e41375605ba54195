#include "normalization.h"

#include <stdlib.h>
#include <string.h>

#include "manifest.h"

/* === UTF-8 === */

uint32_t next_code(const char **at) {
  const unsigned char *bytes = (const unsigned char *)*at;
  unsigned char first = bytes[0];
  int rest = first < 0x80 ? 0 : first >= 0xC2 && first < 0xE0 ? 1 : first >= 0xE0 && first < 0xF0 ? 2
             : first >= 0xF0 && first < 0xF5                                          ? 3
                                                                                      : -1;
  uint32_t code = rest < 1 ? first : first & (0x3Fu >> rest);
  int done = 1;
  for (; done <= rest; done++) {
    unsigned char low = 0x80, high = 0xBF, byte = bytes[done];
    if (done == 1 && first == 0xE0) low = 0xA0;  /* too long */
    if (done == 1 && first == 0xED) high = 0x9F; /* a surrogate */
    if (done == 1 && first == 0xF0) low = 0x90;
    if (done == 1 && first == 0xF4) high = 0x8F; /* behind the last */
    if (byte < low || byte > high) break;
    code = code << 6 | (byte & 0x3Fu);
  }
  *at += done;
  return rest < 0 || done <= rest ? 0xFFFD : code;
}

char *put_code(uint32_t code, char *out) {
  int length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (int i = length - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
  out[0] = (char)(length == 1 ? code : (0xF00u >> length & 0xFF) | code);
  return out + length;
}

/* === Rules === */

static int read_pairs(Json array, Pairs *pairs, Seq2SeqError *error) {
  size_t count = 0;
  for (JsonItem item = json_first(array); item.value.at; item = json_next(item)) count++;
  pairs->pairs = calloc(count + 1, sizeof *pairs->pairs);
  if (!pairs->pairs) return seq2seq_fail(error, "Out of memory.");
  for (JsonItem item = json_first(array); item.value.at; item = json_next(item)) {
    JsonItem first = json_first(item.value);
    JsonItem second = first.value.at ? json_next(first) : first;
    int a, b;
    if (!json_int(first.value, &a) || !json_int(second.value, &b) || a < 0 || b < 0)
      return seq2seq_fail(error, "A table of the manifest is broken. Export the model again.");
    pairs->pairs[pairs->count][0] = (uint32_t)a;
    pairs->pairs[pairs->count++][1] = (uint32_t)b;
  }
  return 1;
}

/* The last pair that begins at or before a code point, or NULL. */
static const uint32_t *pair_of(const Pairs *pairs, uint32_t code) {
  size_t low = 0, high = pairs->count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (pairs->pairs[middle][0] <= code)
      low = middle + 1;
    else
      high = middle;
  }
  return low ? pairs->pairs[low - 1] : NULL;
}

static int within(const Pairs *ranges, uint32_t code) {
  const uint32_t *range = pair_of(ranges, code);
  return range && code <= range[1];
}

static int flag(Json options, const char *name) {
  Json value = json_member(options, name);
  return value.at && *value.at == 't';
}

int normalization_read(Json manifest, Json side, Normalization *rules, Seq2SeqError *error) {
  Json options = json_member(side, "normalization"), tables = json_member(manifest, "tables");
  memset(rules, 0, sizeof *rules);
  rules->lowercase = flag(options, "lowercase");
  rules->collapse_whitespace = flag(options, "collapse_whitespace");
  rules->drop_invisible = flag(options, "drop_invisible");
  return read_pairs(json_member(tables, "white_space"), &rules->white_space, error) &&
         read_pairs(json_member(tables, "invisible"), &rules->invisible, error) &&
         read_pairs(json_member(tables, "unseen"), &rules->unseen, error) &&
         read_pairs(json_member(tables, "greek"), &rules->greek, error) &&
         read_pairs(json_member(tables, "lower"), &rules->lower, error);
}

void normalization_forget(Normalization *rules) {
  free(rules->white_space.pairs);
  free(rules->invisible.pairs);
  free(rules->unseen.pairs);
  free(rules->greek.pairs);
  free(rules->lower.pairs);
}

/* === Text === */

static size_t lower(const Normalization *rules, const uint32_t *codes, size_t count,
                    uint32_t *lowered) {
  size_t made = 0;
  for (size_t i = 0; i < count; i++) {
    const uint32_t *pair = pair_of(&rules->lower, codes[i]);
    int ends_word = codes[i] == 0x3A3 && i && within(&rules->greek, codes[i - 1]) &&
                    (i + 1 == count || !within(&rules->greek, codes[i + 1]));
    if (codes[i] == 0x130) {
      lowered[made++] = 'i';
      lowered[made++] = 0x307;
    } else {
      lowered[made++] = ends_word ? 0x3C2 : pair && pair[0] == codes[i] ? pair[1] : codes[i];
    }
  }
  return made;
}

char *normalized(const Normalization *rules, const char *text, Seq2SeqError *error) {
  uint32_t codes[LONG_TEXT], lowered[2 * LONG_TEXT];
  size_t count = 0, length = 0;
  int seen = 0;
  while (*text) {
    uint32_t code = next_code(&text);
    if (length++ == LONG_TEXT) {
      seq2seq_fail(error, "The source has more than %d characters. Cut it at a space.", LONG_TEXT);
      return NULL;
    }
    int invisible = rules->drop_invisible && within(&rules->invisible, code);
    seen |= !invisible && !within(&rules->white_space, code) &&
            !(rules->drop_invisible && within(&rules->unseen, code));
    if (!invisible) codes[count++] = code;
  }
  const uint32_t *from = codes;
  if (rules->lowercase) {
    count = lower(rules, codes, count, lowered);
    from = lowered;
  }
  char *result = malloc(4 * count + 1), *at = result;
  if (!result) {
    seq2seq_fail(error, "Out of memory.");
    return NULL;
  }
  for (size_t i = 0; seen && i < count; i++) {
    if (!rules->collapse_whitespace || !within(&rules->white_space, from[i]))
      at = put_code(from[i], at);
    else if (at > result && at[-1] != ' ')
      *at++ = ' ';
  }
  if (rules->collapse_whitespace && at > result && at[-1] == ' ') at--;
  *at = 0;
  return result;
}
