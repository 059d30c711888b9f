/* The points that are published, and what of them has arrived at whom.
 *
 * Publisher and subscribers are one process: the n-th point of a stream is looked up in a ring of what was published, so
 * latency is measured without widening the point, and losses are counted exactly. */
#include "base.h"

static int S = 1, C = 1, K = 1; /* streams, connections, streams of each connection */

/* A batch is what the publisher sends at once; when it was sent, and when the server said that it has it. */
typedef struct { int64_t sent, accepted; } Batch;
#define BATCHES (1 << 16)
static Batch batches[BATCHES];
static uint64_t batch_open, batch_answered;

typedef struct { int64_t ms; uint64_t batch; } Published;
typedef struct { int s; int64_t us, value; } Pending; /* values are hundredths */
static Published *ring;
static uint64_t ring_mask, *generated, generated_total;
static int64_t *walk;
static Pending *pending;
static size_t npending, pending_cap;
static int64_t wall_offset_ns;

static inline Published *published(int s, uint64_t i) { return &ring[(uint64_t)s * (ring_mask + 1) + (i & ring_mask)]; }

static void points_init(void) {
  struct timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  wall_offset_ns = wall.tv_sec * 1000000000LL + wall.tv_nsec - now_ns();
  ring_mask = S <= 1 ? (1 << 21) - 1 : S <= 32 ? (1 << 18) - 1 : (1 << 15) - 1;
  ring = calloc((size_t)S * (ring_mask + 1), sizeof *ring);
  generated = calloc(S, sizeof *generated);
  walk = calloc(S, sizeof *walk);
  for (int i = 0; i < S; i++) walk[i] = 2000 + i;
}

/* The k-th points of all streams since `start_ns`, at `rate` a second: in even steps, whole ms up to 1,000 a second.
 * Values are a walk of two decimals, steps of at most 0.32. */
static void generate(uint64_t n, int64_t start_ns, uint64_t since, double rate) {
  static uint32_t random = 12345;
  int64_t start_ms = (start_ns + wall_offset_ns) / 1000000;
  while (n--) {
    int s = generated_total % S;
    uint64_t k = (generated_total - since) / S;
    int64_t us = rate <= 1000 ? (start_ms + (int64_t)(k * 1000.0 / rate)) * 1000 : start_ms * 1000 + (int64_t)(k * 1e6 / rate);
    generated_total++;
    random = random * 1664525u + 1013904223u;
    walk[s] += (int32_t)(random >> 26) - 32;
    if (walk[s] < -100000 || walk[s] > 100000) walk[s] = 2000;
    *published(s, generated[s]++) = (Published){us / 1000, batch_open};
    if (npending == pending_cap) pending = realloc(pending, (pending_cap = pending_cap * 2 + 1024) * sizeof *pending);
    pending[npending++] = (Pending){s, us, walk[s]};
  }
}

/* ---- what arrived ---- */
static int in_window, ignoring; /* `ignoring`: while connections come back, what arrives is not compared */
static uint64_t received, win_received, lost, unmatched, left_out;
static Latencies since_sent, since_accepted;

/* Of the subscriber whose counts are `seen`: n points of its j-th stream s, the first of `ms`. */
static void on_points(uint64_t *seen, int j, int s, int64_t ms, uint32_t n, int64_t now) {
  if (ignoring) return;
  uint64_t i = seen[j];
  if (i + n > generated[s] || published(s, i)->ms != ms) {
    uint64_t k = i;
    while (k + n <= generated[s] && published(s, k)->ms != ms) k++;
    if (k + n > generated[s]) { unmatched += n; return; }
    lost += k - i;
    received += k - i;
    i = k;
  }
  seen[j] = i + n;
  received += n;
  if (!in_window) return;
  win_received += n;
  uint32_t samples = n < 8 ? n : 8;
  for (uint32_t q = 0; q < samples; q++) {
    uint32_t from = (uint64_t)q * n / samples, to = (uint64_t)(q + 1) * n / samples;
    Batch *b = &batches[published(s, i + (from + to) / 2)->batch % BATCHES];
    latency_add(&since_sent, now - b->sent, to - from);
    /* A frame may be there before the answer to the write. */
    latency_add(&since_accepted, b->accepted ? now - b->accepted : 0, to - from);
  }
}
