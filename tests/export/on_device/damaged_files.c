/* damaged_files MODEL.tflite COUNT WHAT: opens COUNT damaged copies, each in a process of its own.
 *
 * WHAT is `model`, `manifest`, or `unchecked`, a model whose SHA-256 is not looked at. Prints how
 * many were refused, translated, ended by a signal, and still ran after 20 s.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seq2seq.h"

enum { REFUSED = 3, TRANSLATED = 4, LONGEST_PATH = 4096 };

static unsigned char *content;
static size_t size;
static unsigned state = 12345;

static size_t below(size_t limit) {
  state = state * 1664525u + 1013904223u;
  return limit ? (size_t)((double)(state >> 4) / (1 << 28) * (double)limit) : 0;
}

static int read_all(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) return 0;
  size = (size_t)ftell(file);
  content = malloc(size + 1);
  rewind(file);
  int fine = content && fread(content, 1, size, file) == size;
  fclose(file);
  return fine;
}

/* A few bytes, a block or the end: what disks, networks and hands do to files. */
static int write_damaged(const char *path, int number) {
  unsigned char *copy = malloc(size);
  FILE *file = fopen(path, "wb");
  size_t length = size;
  memcpy(copy, content, size);
  if (number % 4 == 0) {
    length = below(size);
  } else if (number % 4 == 1) {
    size_t at = below(size), run = below(4096);
    memset(copy + at, number % 8 == 1 ? 0 : 0xFF, run < size - at ? run : size - at);
  } else {
    /* The graph stands at the end of a file, the weights before it. */
    size_t from = number % 4 == 2 ? 0 : size - size / 20;
    for (int i = 0; i <= number % 16; i++)
      copy[from + below(size - from)] ^= (unsigned char)(1 + below(255));
  }
  int fine = fwrite(copy, 1, length, file) == length;
  free(copy);
  return !fclose(file) && fine;
}

static int attempt(const char *model, const char *manifest, int unchecked) {
  Seq2SeqOptions options = {.manifest = manifest, .skip_sha256 = unchecked};
  Seq2SeqError error;
  int32_t source[] = {4, 5, 1, 4, 3};
  if (!freopen("/dev/null", "w", stderr)) return 1;
  alarm(20);
  Seq2Seq *opened = seq2seq_open(model, &options, &error);
  if (!opened) return REFUSED;
  Seq2SeqResult result = {
      malloc(sizeof(int32_t) * (size_t)seq2seq_limits(opened).target_length), 0, 0};
  int fine = seq2seq_translate(opened, source, 5, &result, &error);
  free(result.ids);
  seq2seq_close(opened);
  return fine ? TRANSLATED : REFUSED;
}

int main(int count, char **arguments) {
  char manifest[LONGEST_PATH], damaged[LONGEST_PATH];
  int refused = 0, translated = 0, ended = 0, hung = 0;
  if (count != 4) return 2;
  const char *model = arguments[1];
  int of_manifest = !strcmp(arguments[3], "manifest");
  int unchecked = !strcmp(arguments[3], "unchecked");
  snprintf(manifest, sizeof manifest, "%s.json", model);
  snprintf(damaged, sizeof damaged, "%s.damaged", model);
  if (!read_all(of_manifest ? manifest : model)) return 2;
  for (int number = 0; number < atoi(arguments[2]); number++) {
    int status;
    if (!write_damaged(damaged, number)) return 2;
    pid_t child = fork();
    if (child < 0) return 2;
    if (!child)
      _exit(of_manifest ? attempt(model, damaged, 0) : attempt(damaged, manifest, unchecked));
    waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
      WTERMSIG(status) == SIGALRM ? hung++ : ended++;
    else
      WEXITSTATUS(status) == REFUSED      ? refused++
      : WEXITSTATUS(status) == TRANSLATED ? translated++
                                          : ended++; /* a sanitizer, or LiteRT itself */
  }
  remove(damaged);
  printf("refused %d, translated %d, ended %d, hung %d\n", refused, translated, ended, hung);
  return 0;
}
