/* Bytes that grow, the clock, and latencies by classes of about 3%. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct {
  char *p;
  size_t len, cap;
} Buf;

static void bput(Buf *b, const void *d, size_t n) {
  if (b->len + n > b->cap) {
    b->cap = (b->len + n) * 2 + 256;
    b->p = realloc(b->p, b->cap);
  }
  memcpy(b->p + b->len, d, n);
  b->len += n;
}
static void bputs(Buf *b, const char *s) { bput(b, s, strlen(s)); }

static inline int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

#define CLASSES 2048
typedef struct {
  uint64_t of[CLASSES], count;
  int64_t max;
} Latencies;

static void latency_add(Latencies *l, int64_t ns, uint64_t weight) {
  uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
  int m = v < 32 ? 0 : 63 - __builtin_clzll(v);
  l->of[v < 32 ? v : (uint64_t)((m - 4) * 32) + ((v >> (m - 5)) & 31)] += weight;
  l->count += weight;
  if (ns > l->max) l->max = ns;
}
/* In microseconds. */
static double latency_at(const Latencies *l, double share) {
  uint64_t need = l->count * share, seen = 0;
  for (int i = 0; i < CLASSES && l->count; i++) {
    seen += l->of[i];
    if (seen <= need) continue;
    int m = i / 32 + 4;
    return i < 32 ? i / 1000.0 : ((1ULL << m) + ((uint64_t)(i % 32) << (m - 5)) + (1ULL << (m - 5)) / 2) / 1000.0;
  }
  return l->max / 1000.0;
}
