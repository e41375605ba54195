/* Many requests at once, and whether their replies are right. */
#pragma once

#include "requests.h"

typedef struct { Reader request, expected; } Pair;
typedef struct { Writer latencies; int64_t errors, wrong; Writer first; } Result;

static struct {
  Pair *pairs;
  int64_t count, next, limit, end; /* end: a time */
  double tolerance;
} work;

static int close_enough(double one, double other) {
  return one == other || (isnan(one) && isnan(other)) ||
         fabs(one - other) <= work.tolerance * (1 + fabs(one));
}

static int same_tensor(View one, View other) {
  size_t size = size_of(one.content);
  if (one.dtype != other.dtype || one.rank != other.rank || size != size_of(other.content) ||
      memcmp(one.axes, other.axes, sizeof one.axes))
    return 0;
  if (!memcmp(one.content.data, other.content.data, size)) return 1;
  if (one.dtype != FLOAT && one.dtype != DOUBLE) return 0;
  for (int64_t i = 0; i < one.count; i++) {
    double a, b;
    if (one.dtype == FLOAT) {
      float f[2];
      memcpy(&f[0], one.content.data + i * 4, 4);
      memcpy(&f[1], other.content.data + i * 4, 4);
      a = f[0], b = f[1];
    } else {
      memcpy(&a, one.content.data + i * 8, 8);
      memcpy(&b, other.content.data + i * 8, 8);
    }
    if (!close_enough(a, b)) return 0;
  }
  return 1;
}

static int same_reply(Reader one, Reader other) {
  int64_t code = get(&one);
  if (code != get(&other)) return 0;
  if (code) return 1;
  get(&one), get(&other); /* the time it took */
  int64_t count = get(&one);
  if (count != get(&other)) return 0;
  for (int64_t i = 0; i < count; i++) { /* in any order */
    View wanted = view_tensor(&one), tensor = {0};
    Reader rest = other;
    int64_t k = 0;
    for (; k < count; k++)
      if (same(wanted.name, (tensor = view_tensor(&rest)).name)) break;
    if (k == count || !same_tensor(wanted, tensor)) return 0;
  }
  return 1;
}

static void *work_on(void *argument) {
  Result *result = argument;
  Writer reply = {0};
  for (;;) {
    int64_t i = __atomic_fetch_add(&work.next, 1, __ATOMIC_RELAXED), start = now();
    if ((work.limit && i >= work.limit) || start >= work.end) break;
    Pair *pair = &work.pairs[i % work.count];
    run(pair->request, &reply);
    put(&result->latencies, now() - start);
    Reader got = {reply.data, reply.data + reply.size}, code = got;
    int failed = get(&code) != OK, right = same_reply(pair->expected, got);
    result->errors += failed && !right;
    result->wrong += !failed && !right;
    if (!right && !result->first.size) put_bytes(&result->first, reply.data, reply.size);
  }
  free(reply.data);
  return NULL;
}

static int64_t resident(void) { /* bytes */
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file) return 0;
  if (fscanf(file, "%*s %ld", &pages) != 1) pages = 0;
  fclose(file);
  return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void load(Reader request, Writer *w) {
  get(&request);
  int64_t threads = get(&request), milliseconds = get(&request);
  if (threads < 1 || threads > 4096) die("%lld threads.", (long long)threads);
  work.limit = get(&request);
  memcpy(&work.tolerance, get_bytes(&request, sizeof(double)), sizeof(double));
  work.count = get(&request);
  work.next = 0;
  work.pairs = calloc((size_t)work.count + 1, sizeof(Pair));
  Writer *alone = calloc((size_t)work.count + 1, sizeof(Writer));
  Result *results = calloc((size_t)threads, sizeof(Result));
  pthread_t *ids = calloc((size_t)threads, sizeof(pthread_t));
  if (!work.pairs || !alone || !results || !ids || work.count < 1) die("There is nothing to do.");
  for (int64_t i = 0; i < work.count; i++) {
    Pair *pair = &work.pairs[i];
    pair->request = get_string(&request);
    pair->expected = get_string(&request);
    if (size_of(pair->expected)) continue;
    run(pair->request, &alone[i]);
    pair->expected = (Reader){alone[i].data, alone[i].data + alone[i].size};
  }
  Writer memory = {0};
  int64_t start = now(), sampled = 0;
  work.end = milliseconds ? start + milliseconds * 1000000 : INT64_MAX;
  for (int64_t i = 0; i < threads; i++)
    if (pthread_create(&ids[i], NULL, work_on, &results[i])) die("No thread could be started.");
  for (int64_t left = threads; left;) {
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    soon.tv_sec += soon.tv_nsec / 1000000000;
    soon.tv_nsec %= 1000000000;
    if (!pthread_timedjoin_np(ids[left - 1], NULL, &soon)) left--;
    if (now() - sampled > 250000000 || !left) {
      put(&memory, (sampled = now()) - start);
      put(&memory, resident());
    }
  }
  int64_t took = now() - start, errors = 0, wrong = 0;
  Writer latencies = {0}, first = {0};
  for (int64_t i = 0; i < threads; i++) {
    put_bytes(&latencies, results[i].latencies.data, results[i].latencies.size);
    errors += results[i].errors;
    wrong += results[i].wrong;
    if (!first.size) put_bytes(&first, results[i].first.data, results[i].first.size);
    free(results[i].latencies.data);
    free(results[i].first.data);
  }
  w->size = 0;
  put(w, OK);
  put(w, took);
  put(w, 0);
  put_string(w, latencies.data, latencies.size);
  put_string(w, memory.data, memory.size);
  put(w, errors);
  put(w, wrong);
  put_string(w, first.data, first.size);
  for (int64_t i = 0; i < work.count; i++) free(alone[i].data);
  free(alone), free(results), free(ids), free(work.pairs);
  free(latencies.data), free(memory.data), free(first.data);
}
