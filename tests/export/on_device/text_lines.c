/* text_lines MANIFEST: lines `t` and text become lines of ids; lines `i` and ids become text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int main(int count, char **arguments) {
  Seq2SeqError error = {""};
  int32_t ids[4096];
  char *line = NULL;
  size_t room = 0;
  Tokenizer *source = tokenizer_open(arguments[count - 1], "source", &error);
  Tokenizer *target = source ? tokenizer_open(arguments[count - 1], "target", &error) : NULL;
  if (!target) return fprintf(stderr, "%s\n", error.text), 1;
  while (getline(&line, &room, stdin) >= 0) {
    line[strcspn(line, "\n")] = 0;
    int found = 0;
    if (*line == 't') {
      found = tokenizer_encode(source, line + 1, ids, 23, &error);
      for (int i = 0; i < found; i++) printf("%d ", (int)ids[i]);
      if (found < 0) fputs(error.text, stdout);
    } else {
      for (char *at = strtok(line + 1, " "); at; at = strtok(NULL, " ")) ids[found++] = atoi(at);
      char *text = tokenizer_decode(target, ids, found);
      fputs(text, stdout);
      free(text);
    }
    puts("");
  }
  free(line);
  tokenizer_close(source);
  tokenizer_close(target);
  return 0;
}
