/* How points look on the wire. `Subscriber` is who gets them: its number, its counts, its position. */
#include "points.h"

#define PARTITIONS 8
typedef struct {
  int idx;
  uint64_t *seen, epoch, offsets[PARTITIONS];
} Subscriber;

static int stream_of(const Subscriber *c, int j) { return (int)(((int64_t)c->idx * K + j) % S); }
/* Which of the subscriber's streams this is, or -1. */
static int local_of(const Subscriber *c, int s) {
  int64_t j = ((int64_t)s - (int64_t)c->idx * K) % S;
  if (j < 0) j += S;
  return j < K ? (int)j : -1;
}

static const char *time_key = "\"t\":", *stream_key = "\"s\":";

/* JSON of any shape: each time, and before it the number of the stream where a subscriber has several. */
static void json_points(Subscriber *c, int j, char *p, size_t len, int64_t now) {
  char *end = p + len, *last = p, *q;
  while ((q = memmem(last, end - last, time_key, strlen(time_key)))) {
    char *at = j < 0 || K > 1 ? memmem(last, q - last, stream_key, strlen(stream_key)) : 0;
    if (at) j = local_of(c, atoi(at + strlen(stream_key)));
    q += strlen(time_key);
    int64_t ms = 0;
    while (q < end && *q >= '0' && *q <= '9') ms = ms * 10 + (*q++ - '0');
    if (j >= 0) on_points(c->seen, j, stream_of(c, j), ms, 1, now);
    else unmatched++;
    last = q;
  }
}

/* The peers' own blocks: u32 stream, u32 n, f64 first time, n x f64 value, n x u16 ms from the first time, padded to 8. */
static void block_points(Subscriber *c, char *p, size_t len, int64_t now) {
  while (len >= 16) {
    uint32_t s, n;
    double first;
    memcpy(&s, p, 4);
    memcpy(&n, p + 4, 4);
    memcpy(&first, p + 8, 8);
    size_t size = 16 + 10 * (size_t)n, padded = (size + 7) & ~7UL;
    if (size > len) { unmatched++; return; }
    int j = local_of(c, s);
    if (j >= 0 && n) on_points(c->seen, j, s, (int64_t)first, n, now);
    else unmatched += n;
    if (padded > len) return;
    p += padded;
    len -= padded;
  }
}

/* ---- QuantumFlux: docs/protocol.md, F1, F5, B1 to B3 ---- */
typedef struct { const unsigned char *p, *end; int bad; } Reader;
static int *stream_by_id, ids_cap; /* the server's number of each stream -> ours, or -1 */

static uint64_t varint(Reader *r) {
  uint64_t v = 0;
  for (int shift = 0; r->p < r->end && shift < 64; shift += 7) {
    unsigned char x = *r->p++;
    v |= (uint64_t)(x & 127) << shift;
    if (x < 128) return v;
  }
  r->bad = 1;
  return 0;
}

static void read_block(Subscriber *c, Reader *r, int64_t now) {
  uint64_t id = varint(r), len = varint(r);
  if (r->bad || len > (size_t)(r->end - r->p) || len < 3) { r->bad = 1; return; }
  Reader b = {r->p, r->p + len, 0};
  r->p += len;
  int mode = *b.p++ & 15;
  uint64_t n = varint(&b);
  double first;
  if (mode == 2) memcpy(&first, b.p, 8);
  else {
    uint64_t z = varint(&b);
    int64_t v = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
    first = mode == 1 ? v / 1000 : v;
  }
  int s = id < (uint64_t)ids_cap ? stream_by_id[id] : -1, j = s < 0 ? -1 : local_of(c, s);
  if (j < 0 || b.bad) unmatched += n;
  else on_points(c->seen, j, s, (int64_t)first, (uint32_t)n, now);
}

static void read_ranges(Subscriber *c, Reader *r, uint64_t count, int64_t now) {
  while (count-- && !r->bad) {
    uint64_t partition = varint(r), after = varint(r), last = after + varint(r), entries = varint(r);
    while (entries-- && !r->bad) {
      varint(r);
      uint64_t len = varint(r);
      if (r->bad || len > (size_t)(r->end - r->p)) { r->bad = 1; return; }
      Reader blocks = {r->p, r->p + len, 0};
      r->p += len;
      while (blocks.p < blocks.end && !blocks.bad) read_block(c, &blocks, now);
      r->bad |= blocks.bad;
    }
    if (partition < PARTITIONS && last > c->offsets[partition]) c->offsets[partition] = last;
  }
}

static void read_frame(Subscriber *c, const char *p, size_t len, int64_t now) {
  Reader r = {(const unsigned char *)p, (const unsigned char *)p + len, 0};
  int layout = len ? *r.p++ : 0;
  if (layout == 2) {
    c->epoch = varint(&r);
    while (r.p < r.end && !r.bad) {
      varint(&r); /* channel: streams tell enough here */
      uint64_t head = varint(&r);
      if (head & 3) left_out += varint(&r);
      read_ranges(c, &r, head >> 2, now);
    }
  } else if (layout == 1) {
    varint(&r);
    c->epoch = varint(&r);
    read_ranges(c, &r, varint(&r), now);
  } else r.bad = 1;
  static int told;
  if (r.bad && told++ < 3) fprintf(stderr, "loadgen: a frame of %zu bytes, layout %d, cannot be read\n", len, layout);
}
