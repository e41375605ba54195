#include "json.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 32 };

static const char *blank(const char *at) { return at + strspn(at, " \t\r\n"); }

/* === Is it JSON? Each gives where what it checked ends, or NULL === */

static int hex4(const char *at) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    char c = at[i];
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

static const char *string_end(const char *at) {
  if (*at++ != '"') return NULL;
  for (; *at != '"'; at++) {
    if ((unsigned char)*at < 0x20) return NULL; /* NUL too */
    if (*at != '\\') continue;
    at++;
    if (*at == 'u') {
      if (hex4(at + 1) < 0) return NULL;
      at += 4;
    } else if (!*at || !strchr("\"\\/bfnrt", *at)) {
      return NULL;
    }
  }
  return at + 1;
}

static const char *digits_end(const char *at) {
  size_t count = strspn(at, "0123456789");
  return count ? at + count : NULL;
}

static const char *number_end(const char *at) {
  if (*at == '-') at++;
  if (*at == '0' && at[1] >= '0' && at[1] <= '9') return NULL;
  at = digits_end(at);
  if (at && *at == '.') at = digits_end(at + 1);
  if (at && (*at == 'e' || *at == 'E')) {
    at++;
    at = digits_end(at + (*at == '+' || *at == '-'));
  }
  return at;
}

static const char *value_end(const char *at, int depth) {
  static const char *const words[] = {"true", "false", "null"};
  if (*at == '"') return string_end(at);
  for (size_t i = 0; i < 3; i++)
    if (!strncmp(at, words[i], strlen(words[i]))) return at + strlen(words[i]);
  if (*at != '{' && *at != '[') return number_end(at);
  if (depth == DEEPEST) return NULL;
  char close = *at == '{' ? '}' : ']';
  at = blank(at + 1);
  if (*at == close) return at + 1;
  for (;;) {
    if (close == '}') {
      at = string_end(at);
      if (!at) return NULL;
      at = blank(at);
      if (*at != ':') return NULL;
      at = blank(at + 1);
    }
    at = value_end(at, depth + 1);
    if (!at) return NULL;
    at = blank(at);
    if (*at == close) return at + 1;
    if (*at != ',') return NULL;
    at = blank(at + 1);
  }
}

Json json_check(const char *text) {
  const char *start = blank(text), *end = value_end(start, 0);
  return (Json){end && !*blank(end) ? start : NULL};
}

/* === Walking; from here on the text is known to be JSON === */

static JsonItem item_at(const char *at) {
  if (*at == '}' || *at == ']') return (JsonItem){{NULL}, {NULL}};
  const char *behind = *at == '"' ? blank(string_end(at)) : at;
  if (*behind == ':') return (JsonItem){{at}, {blank(behind + 1)}};
  return (JsonItem){{NULL}, {at}};
}

JsonItem json_first(Json container) {
  if (!container.at || (*container.at != '{' && *container.at != '['))
    return (JsonItem){{NULL}, {NULL}};
  return item_at(blank(container.at + 1));
}

JsonItem json_next(JsonItem item) {
  const char *at = blank(value_end(item.value.at, 0));
  return item_at(*at == ',' ? blank(at + 1) : at);
}

Json json_member(Json object, const char *name) {
  for (JsonItem item = json_first(object); item.value.at; item = json_next(item))
    if (item.name.at && json_is(item.name, name)) return item.value;
  return (Json){NULL};
}

/* === Values === */

int json_double(Json value, double *out) {
  if (!value.at || (*value.at != '-' && (*value.at < '0' || *value.at > '9'))) return 0;
  *out = strtod(value.at, NULL);
  return 1;
}

int json_int(Json value, int *out) {
  if (!value.at || (*value.at != '-' && (*value.at < '0' || *value.at > '9'))) return 0;
  char *end;
  long number = strtol(value.at, &end, 10);
  if (*end == '.' || *end == 'e' || *end == 'E' || number < INT_MIN || number > INT_MAX) return 0;
  *out = (int)number;
  return 1;
}

/* One code point of a string, written as UTF-8; lone surrogates become U+FFFD. */
static const char *escaped(const char *at, char *out, int *length) {
  static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (*at != 'u') {
    out[0] = meanings[strchr(letters, *at) - letters];
    *length = 1;
    return at + 1;
  }
  uint32_t code = (uint32_t)hex4(at + 1);
  at += 5;
  if (code >= 0xD800 && code < 0xDC00 && at[0] == '\\' && at[1] == 'u') {
    uint32_t low = (uint32_t)hex4(at + 2);
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
  }
  if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
  if (code < 0x80) {
    out[0] = (char)code;
    *length = 1;
    return at;
  }
  *length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  for (int i = *length - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3F));
  out[0] = (char)((0xF00 >> *length & 0xFF) | code);
  return at;
}

int json_string(Json value, char *out, size_t size) {
  if (!value.at || *value.at != '"') return -1;
  size_t length = 0;
  const char *at = value.at + 1;
  while (*at != '"') {
    char bytes[4];
    int count = 1;
    if (*at == '\\')
      at = escaped(at + 1, bytes, &count);
    else
      bytes[0] = *at++;
    if (length + (size_t)count >= size) return -1;
    memcpy(out + length, bytes, (size_t)count);
    length += (size_t)count;
  }
  if (size) out[length] = 0;
  return size && length <= INT_MAX ? (int)length : -1;
}

int json_is(Json value, const char *text) {
  char held[128];
  return json_string(value, held, sizeof held) >= 0 && !strcmp(held, text);
}
