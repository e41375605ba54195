/* A SavedModel behind a pipe: TensorFlow's C library loads it as a server does, without Python.

   usage: session [-t THREADS] [-x] -L LIBRARY... [-l OPERATORS]... DIRECTORY

   LIBRARY    libraries that hold TensorFlow's C API, in the order in which they are opened
   OPERATORS  libraries of further operators
   -t         threads within an operator and between operators; 0, or none: TensorFlow's choice
   -x         XLA stays on, which a stock server turns off

   It writes one reply, which tells the signatures, then reads requests and writes replies until its
   input ends. A message is a number of bytes and these bytes. Numbers are int64 of the machine;
   a string is a number of bytes and these bytes; a tensor is a name, the number of its dtype (as in
   TensorFlow's types.proto), its rank, its axes, and its content: strings, or one string of bytes.

   reply    code; where it is not 0: a string; else nanoseconds, a number, so many tensors
   request  1, signature, milliseconds it may take (0: any), a number, so many tensors, a number
            (-1: all outputs), so many names of outputs
   request  2, threads, milliseconds, greatest number of runs (0: any), a double, a number, so many
            pairs of strings: a request of kind 1, and the reply that it should have ("": whatever
            it has when it is alone). Threads take one after another, round and round. The double
            is the difference allowed for a float, of 1 plus its size.
            The reply: code 0, nanoseconds, 0, then strings: nanoseconds of every run; pairs of
            nanoseconds and resident bytes; then replies with an error, other wrong replies, and
            the first wrong one as a string. */

#include "load.h"

static int load_model(const char *directory, const char **operators, int count, int threads,
                      Writer *w) {
  TF_Status *status = TF_NewStatus();
  for (int i = 0; i < count; i++) {
    TF_LoadLibrary(operators[i], status);
    if (TF_GetCode(status)) {
      fail(w, TF_GetCode(status), "%s: %s", operators[i], TF_Message(status));
      return 0;
    }
  }
  TF_SessionOptions *options = TF_NewSessionOptions();
  unsigned char config[] = {0x10, (unsigned char)threads, 0x28, (unsigned char)threads};
  if (threads) TF_SetConfig(options, config, sizeof config, status); /* a ConfigProto */
  const char *tags[] = {"serve"};
  int64_t start = now();
  graph = TF_NewGraph();
  TF_Buffer *meta = TF_NewBuffer();
  session = TF_LoadSessionFromSavedModel(options, NULL, directory, tags, 1, graph, meta, status);
  if (TF_GetCode(status)) {
    fail(w, TF_GetCode(status), "%s", TF_Message(status));
    return 0;
  }
  read_signatures((Reader){meta->data, (const char *)meta->data + meta->length});
  tell_signatures(w, now() - start);
  return 1;
}

int main(int argc, char **argv) {
  const char *libraries[MOST_LIBRARIES], *operators[MOST_LIBRARIES];
  int library_count = 0, operator_count = 0, threads = 0, xla = 0;
  for (int option; (option = getopt(argc, argv, "L:l:t:x")) != -1;) {
    if (library_count == MOST_LIBRARIES || operator_count == MOST_LIBRARIES) die("Too many.");
    if (option == 'L') libraries[library_count++] = optarg;
    if (option == 'l') operators[operator_count++] = optarg;
    if (option == 't') threads = atoi(optarg);
    if (option == 'x') xla = 1;
  }
  if (optind + 1 != argc || !library_count || threads < 0 || threads > 127)
    die("usage: %s [-t THREADS] [-x] -L LIBRARY... [-l OPERATORS]... DIRECTORY", argv[0]);
  FILE *replies = fdopen(dup(STDOUT_FILENO), "wb"); /* what a library prints goes elsewhere */
  if (!replies || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) die("There is no output.");
  open_libraries(libraries, library_count, xla);
  Writer message = {0}, reply = {0};
  int loaded = load_model(argv[optind], operators, operator_count, threads, &reply);
  send_reply(replies, &reply);
  while (loaded && receive(stdin, &message)) {
    Reader request = {message.data, message.data + message.size}, kind = request;
    if (get(&kind) == 2)
      load(request, &reply);
    else
      run(request, &reply);
    send_reply(replies, &reply);
  }
  fflush(replies);
  _exit(!loaded); /* TensorFlow's threads need not end one by one */
}
