/* Messages: see session.c for their form. */
#pragma once

#define _GNU_SOURCE
#include <dlfcn.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void die(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  fputc('\n', stderr);
  _exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

typedef struct { char *data; size_t size, room; } Writer;
typedef struct { const char *data, *end; } Reader;

static void put_bytes(Writer *w, const void *data, size_t size) {
  if (w->size + size > w->room) {
    w->room = 2 * (w->size + size) + 256;
    if (!(w->data = realloc(w->data, w->room))) die("There is no memory for %zu bytes.", w->room);
  }
  if (size) memcpy(w->data + w->size, data, size);
  w->size += size;
}

static void put(Writer *w, int64_t number) { put_bytes(w, &number, sizeof number); }

static void put_string(Writer *w, const char *data, size_t size) {
  put(w, (int64_t)size);
  put_bytes(w, data, size);
}

static const char *get_bytes(Reader *r, int64_t size) {
  if (size < 0 || size > r->end - r->data) die("A message is shorter than it says.");
  r->data += size;
  return r->data - size;
}

static int64_t get(Reader *r) {
  int64_t number;
  memcpy(&number, get_bytes(r, sizeof number), sizeof number);
  return number;
}

static Reader get_string(Reader *r) {
  int64_t size = get(r);
  const char *data = get_bytes(r, size);
  return (Reader){data, data + size};
}

static size_t size_of(Reader r) { return (size_t)(r.end - r.data); }

static int same(Reader one, Reader other) {
  return size_of(one) == size_of(other) && !memcmp(one.data, other.data, size_of(one));
}

static int is(Reader string, const char *name) {
  return same(string, (Reader){name, name + strlen(name)});
}

static void fail(Writer *w, int code, const char *format, ...) {
  va_list arguments;
  char *text;
  va_start(arguments, format);
  int size = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (size < 0) die("There is no memory for a message.");
  w->size = 0;
  put(w, code);
  put_string(w, text, (size_t)size);
  free(text);
}

static int receive(FILE *file, Writer *w) { /* 0 at the end of the input */
  int64_t size;
  if (fread(&size, sizeof size, 1, file) != 1) return 0;
  if (size < 0) die("A message of %lld bytes.", (long long)size);
  w->size = 0;
  if ((size_t)size > w->room && !(w->data = realloc(w->data, w->room = (size_t)size)))
    die("There is no memory for a message of %lld bytes.", (long long)size);
  if (fread(w->data, 1, (size_t)size, file) != (size_t)size) die("A message ends too early.");
  w->size = (size_t)size;
  return 1;
}

static void send_reply(FILE *file, const Writer *w) {
  int64_t size = (int64_t)w->size;
  fwrite(&size, sizeof size, 1, file);
  fwrite(w->data, 1, w->size, file);
  if (fflush(file)) die("Nobody reads the replies.");
}
