/* translate: lines of ids, or of text, become lines of ids, or of text. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "manifest.h"
#include "seq2seq.h"
#include "text.h"

static const char USAGE[] =
    "Usage: translate MODEL.tflite [OPTION]... < lines of ids, or of text with --text\n"
    "  --text           lines are text in UTF-8, not ids; see text.h\n"
    "  --scores         a TAB and the score behind each line\n"
    "  --stream         by encode and decode_step, each id as soon as it is there\n"
    "  --verify         the golden cases of the manifest instead of lines\n"
    "  --bench N        N rounds over the lines: CPU time, memory\n"
    "  --threads N      1 unless given\n"
    "  --manifest FILE  MODEL.tflite.json unless given\n";

typedef struct {
  int32_t *ids;
  int count;
} Source;

typedef struct {
  const char *file;
  int scores, text, verify, rounds;
  Seq2SeqOptions of_model;
} Command;

static double cpu_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* VmRSS or VmHWM, in kB; 0 where there is no /proc. */
static long memory(const char *key) {
  char line[256];
  long found = 0;
  FILE *file = fopen("/proc/self/status", "r");
  while (file && fgets(line, sizeof line, file))
    if (!strncmp(line, key, strlen(key))) found = atol(line + strlen(key) + 1);
  if (file) fclose(file);
  return found;
}

/* The numbers of a line; false if there is anything else. */
static int read_ids(const char *line, Source *source) {
  size_t room = strlen(line) / 2 + 1;
  source->ids = malloc(room * sizeof *source->ids);
  source->count = 0;
  if (!source->ids) return 0;
  for (char *end;; line = end) {
    line += strspn(line, " \t\r\n");
    if (!*line) return 1;
    errno = 0;
    long id = strtol(line, &end, 10);
    if (end == line || errno || id < INT32_MIN || id > INT32_MAX || !strchr(" \t\r\n", *end))
      return 0;
    source->ids[source->count++] = (int32_t)id;
  }
}

static int print_id(void *context, int32_t id, float score, const float *attention) {
  (void)score, (void)attention;
  int *count = context;
  printf((*count)++ ? " %d" : "%d", (int)id);
  fflush(stdout);
  return 0;
}

static int translate_line(Seq2Seq *model, const Command *command, const Source *source,
                          Seq2SeqResult *result, Seq2SeqError *error) {
  int count = 0;
  if (command->of_model.streams) {
    if (!seq2seq_stream(model, source->ids, source->count, print_id, &count, result, error))
      return 0;
  } else {
    if (!seq2seq_translate(model, source->ids, source->count, result, error)) return 0;
    for (int i = 0; i < result->length; i++) print_id(&count, result->ids[i], 0, NULL);
  }
  if (command->scores) printf("\t%.6g", (double)result->score);
  puts("");
  return 1;
}

/* === --text === */

static int translate_text(Seq2Seq *model, const Command *command, const Tokenizer *source,
                          const Tokenizer *target, char *line, Seq2SeqResult *result,
                          Seq2SeqError *error) {
  int room = seq2seq_limits(model).source_length - 1;
  int32_t *ids = malloc(sizeof *ids * (size_t)(room + 1));
  line[strcspn(line, "\r\n")] = 0;
  int count = ids ? tokenizer_encode(source, line, ids, room, error) : -1;
  int fine = count >= 0;
  if (fine && command->of_model.streams)
    fine = seq2seq_stream(model, ids, count, NULL, NULL, result, error);
  else if (fine)
    fine = seq2seq_translate(model, ids, count, result, error);
  free(ids);
  char *text = fine ? tokenizer_decode(target, result->ids, result->length) : NULL;
  if (!text) return 0;
  fputs(text, stdout);
  free(text);
  if (command->scores) printf("\t%.6g", (double)result->score);
  puts("");
  return 1;
}

static int translate_texts(Seq2Seq *model, const Command *command, const char *manifest,
                           Seq2SeqResult *result, Seq2SeqError *error) {
  Tokenizer *source = tokenizer_open(manifest, "source", error);
  Tokenizer *target = source ? tokenizer_open(manifest, "target", error) : NULL;
  char *line = NULL;
  size_t room = 0;
  int fine = target != NULL;
  if (!fine) fprintf(stderr, "%s\n", error->text);
  for (int number = 1; fine && getline(&line, &room, stdin) >= 0; number++) {
    fine = translate_text(model, command, source, target, line, result, error);
    if (!fine) fprintf(stderr, "Line %d: %s\n", number, error->text);
  }
  free(line);
  tokenizer_close(source);
  tokenizer_close(target);
  return fine;
}

/* === Ids === */

static int translate_lines(Seq2Seq *model, const Command *command, Seq2SeqResult *result,
                           Seq2SeqError *error) {
  char *line = NULL;
  size_t room = 0;
  int number = 0, fine = 1;
  while (fine && getline(&line, &room, stdin) >= 0) {
    Source source;
    number++;
    fine = read_ids(line, &source);
    if (!fine)
      seq2seq_fail(error, "Lines hold ids, whole numbers with spaces between; --text reads text.");
    fine = fine && translate_line(model, command, &source, result, error);
    if (!fine) fprintf(stderr, "Line %d: %s\n", number, error->text);
    free(source.ids);
  }
  free(line);
  return fine;
}

/* === --verify === */

static int ids_of(Json array, int32_t *ids, int most) {
  int count = 0;
  for (JsonItem item = json_first(array); item.value.at; item = json_next(item)) {
    int id;
    if (count == most || !json_int(item.value, &id)) return -1;
    ids[count++] = id;
  }
  return count;
}

static int is_case(Seq2Seq *model, int streams, const int32_t *source, int count,
                   const int32_t *ids, int length, double score, Seq2SeqResult *result) {
  Seq2SeqError error;
  const char *name = streams ? "decode_step" : "translate";
  if (!(streams ? seq2seq_stream(model, source, count, NULL, NULL, result, &error)
                : seq2seq_translate(model, source, count, result, &error)))
    return fprintf(stderr, "%s: %s\n", name, error.text), 0;
  double apart = fabs((double)result->score - score);
  if (result->length == length && apart <= 0.001 + 0.001 * fabs(score) &&
      !memcmp(result->ids, ids, (size_t)length * sizeof *ids))
    return 1;
  fprintf(stderr, "%s: %d ids with the score %g came, not the %d ids with %g of the manifest\n",
          name, result->length, (double)result->score, length, score);
  return 0;
}

static int verify(Seq2Seq *model, const Command *command, const Manifest *manifest,
                  Seq2SeqResult *result) {
  Seq2SeqLimits limits = seq2seq_limits(model);
  int32_t *source = malloc(sizeof *source * (size_t)limits.source_length);
  int32_t *ids = malloc(sizeof *ids * (size_t)limits.target_length);
  int number = 0, right = 0;
  JsonItem item = json_first(json_member(manifest->root, "golden"));
  for (; source && ids && item.value.at; item = json_next(item)) {
    double score = 0;
    int length = -1, count;
    number++;
    count = ids_of(json_member(item.value, "source_ids"), source, limits.source_length);
    if (count < 0 || !json_int(json_member(item.value, "length"), &length) ||
        ids_of(json_member(item.value, "ids"), ids, limits.target_length) != length ||
        !json_double(json_member(item.value, "score"), &score)) {
      fprintf(stderr, "Golden case %d is not as docs/manifest.md says.\n", number);
      continue;
    }
    int fine = is_case(model, 0, source, count, ids, length, score, result) &&
               (!command->of_model.streams ||
                is_case(model, 1, source, count, ids, length, score, result));
    if (!fine) fprintf(stderr, "Golden case %d is not met.\n", number);
    right += fine;
  }
  free(source);
  free(ids);
  printf("%d of %d golden cases\n", right, number);
  return number > 0 && right == number;
}

/* === --bench === */

static int bench(Seq2Seq *model, const Command *command, double opened, long at_start, long at_open,
                 Seq2SeqResult *result, Seq2SeqError *error) {
  enum { MOST = 4096 };
  static Source sources[MOST];
  char *line = NULL;
  size_t room = 0;
  int count = 0, fine = 1, tokens = 0;
  double first = 0, start = 0;
  while (fine && count < MOST && getline(&line, &room, stdin) >= 0) {
    fine = read_ids(line, &sources[count++]);
    if (!fine) fprintf(stderr, "Line %d: not ids.\n", count);
  }
  free(line);
  for (int round = -1; fine && round < command->rounds; round++) {
    if (round == 0) start = cpu_ms();
    for (int i = 0; fine && i < count; i++) {
      double before = cpu_ms();
      const Source *source = &sources[i];
      fine = command->of_model.streams
                 ? seq2seq_stream(model, source->ids, source->count, NULL, NULL, result, error)
                 : seq2seq_translate(model, source->ids, source->count, result, error);
      if (!fine) fprintf(stderr, "Line %d: %s\n", i + 1, error->text);
      if (round < 0 && i == 0) first = cpu_ms() - before;
      if (round < 0) tokens += result->length;
    }
  }
  if (fine && count && command->rounds)
    printf("CPU ms: %.1f to open, %.2f the first sentence, %.3f a sentence (%d sentences, %.1f "
           "tokens each, %d rounds)\nkB resident: %ld at the start, %ld opened, %ld now, %ld at most\n",
           opened, first, (cpu_ms() - start) / command->rounds / count, count,
           (double)tokens / count, command->rounds, at_start, at_open, memory("VmRSS:"),
           memory("VmHWM:"));
  for (int i = 0; i < count; i++) free(sources[i].ids);
  return fine;
}

/* === The command line === */

static int number_of(const char *text, int least, int *out) {
  char *end;
  long value = text ? strtol(text, &end, 10) : -1;
  if (!text || end == text || *end || value < least || value > 1000000) return 0;
  *out = (int)value;
  return 1;
}

static int parse(char **arguments, Command *command) {
  for (char **at = arguments + 1; *at; at++) {
    if (!strcmp(*at, "--scores"))
      command->scores = 1;
    else if (!strcmp(*at, "--text"))
      command->text = 1;
    else if (!strcmp(*at, "--stream"))
      command->of_model.streams = 1;
    else if (!strcmp(*at, "--verify"))
      command->verify = 1;
    else if (!strcmp(*at, "--bench") && number_of(at[1], 1, &command->rounds))
      at++;
    else if (!strcmp(*at, "--threads") && number_of(at[1], 1, &command->of_model.threads))
      at++;
    else if (!strcmp(*at, "--manifest") && at[1])
      command->of_model.manifest = *++at;
    else if (**at != '-' && !command->file)
      command->file = *at;
    else {
      fprintf(stderr, "%s is no option, or lacks the number, from 1 on, or file behind it.\n", *at);
      return 0;
    }
  }
  if (!command->file) fputs("A .tflite file is missing.\n", stderr);
  return command->file != NULL;
}

int main(int count, char **arguments) {
  Command command = {0};
  Manifest manifest = {0};
  Seq2SeqError error = {""};
  if (count > 1 && !strcmp(arguments[1], "--help")) {
    fputs(USAGE, stdout);
    return 0;
  }
  if (!parse(arguments, &command)) {
    fputs(USAGE, stderr);
    return 2;
  }
  long at_start = memory("VmRSS:");
  double before = cpu_ms();
  Seq2Seq *model = seq2seq_open(command.file, &command.of_model, &error);
  double opened = cpu_ms() - before;
  long at_open = memory("VmRSS:");
  if (!model) {
    fprintf(stderr, "%s\n", error.text);
    return 1;
  }
  Seq2SeqResult result = {malloc(sizeof(int32_t) * (size_t)seq2seq_limits(model).target_length),
                          0, 0};
  int fine = result.ids != NULL;
  char beside[4096];
  snprintf(beside, sizeof beside, "%s.json", command.file);
  const char *path = command.of_model.manifest ? command.of_model.manifest : beside;
  if (command.verify) {
    fine = fine && manifest_read(path, &manifest, &error) &&
           verify(model, &command, &manifest, &result);
    manifest_forget(&manifest);
  } else if (command.text) {
    fine = fine && translate_texts(model, &command, path, &result, &error);
  } else if (command.rounds) {
    fine = fine && bench(model, &command, opened, at_start, at_open, &result, &error);
  } else {
    fine = fine && translate_lines(model, &command, &result, &error);
  }
  free(result.ids);
  seq2seq_close(model);
  return fine ? 0 : 1;
}
