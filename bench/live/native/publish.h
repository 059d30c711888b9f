/* What the publisher sends: the points that wait, as the server wants them. Included by loadgen.c. */

/* A request has at most so many points; the rest waits for the next. */
#define MAX_POINTS 20000

static Pending **sorted; /* by stream, each in its order */
static uint32_t *count_of, *place_of;
static uint32_t message_id;

static void publish_init(void) {
  count_of = calloc(S, sizeof *count_of);
  place_of = calloc(S, sizeof *place_of);
  sorted = malloc(MAX_POINTS * sizeof *sorted);
}
static int put_number(char *w, int64_t v) { return sprintf(w, "%lld", (long long)v); }
static int put_value(char *w, int64_t v) { /* hundredths */
  int64_t a = v < 0 ? -v : v;
  return sprintf(w, "%s%lld.%02lld", v < 0 ? "-" : "", (long long)(a / 100), (long long)(a % 100));
}
static int put_time(char *w, int64_t us) { /* as ms */
  return us % 1000 ? sprintf(w, "%lld.%03lld", (long long)(us / 1000), (long long)(us % 1000)) : put_number(w, us / 1000);
}
/* A template of one point: {s}, {t}, {v}. */
static int put_point(char *to, const char *from, const Pending *q) {
  char *w = to;
  while (*from) {
    if (!strncmp(from, "{s}", 3)) { w += put_number(w, q->s); from += 3; }
    else if (!strncmp(from, "{t}", 3)) { w += put_time(w, q->us); from += 3; }
    else if (!strncmp(from, "{v}", 3)) { w += put_value(w, q->value); from += 3; }
    else *w++ = *from++;
  }
  return w - to;
}
static void sort_by_stream(size_t n) {
  memset(count_of, 0, S * sizeof *count_of);
  for (size_t i = 0; i < n; i++) count_of[pending[i].s]++;
  for (uint32_t s = 0, at = 0; s < (uint32_t)S; at += count_of[s++]) place_of[s] = at;
  for (size_t i = 0; i < n; i++) sorted[place_of[pending[i].s]++] = &pending[i];
}
static void mqtt_publish(int s, const void *d, size_t n) {
  char to[64];
  int tl = sprintf(to, topic, s), q = 1;
  unsigned char h[8] = {0x30};
  for (size_t r = n + 2 + tl; q == 1 || r; r >>= 7) h[q++] = (r & 127) | (r > 127 ? 128 : 0);
  h[q++] = 0;
  h[q++] = tl;
  bput(&pub.out, h, q);
  bput(&pub.out, to, tl);
  bput(&pub.out, d, n);
}
/* One message for each point, as programs do that know no batches. */
static void publish_points(size_t n) {
  char w[512];
  for (size_t i = 0; i < n; i++) {
    int len = put_point(w, pub_msg, &pending[i]);
    if (publish_by == PUB_MQTT) mqtt_publish(pending[i].s, w, len);
    else ws_send(&pub, 1, w, len);
  }
}
static void put_blocks(Buf *b) {
  for (uint32_t s = 0, i = 0; s < (uint32_t)S; i += count_of[s++]) {
    uint32_t n = count_of[s];
    if (!n) continue;
    double first = sorted[i]->us / 1000;
    bput(b, &s, 4);
    bput(b, &n, 4);
    bput(b, &first, 8);
    for (uint32_t k = 0; k < n; k++) { double v = sorted[i + k]->value / 100.0; bput(b, &v, 8); }
    for (uint32_t k = 0; k < n; k++) { uint16_t d = sorted[i + k]->us / 1000 - sorted[i]->us / 1000; bput(b, &d, 2); }
    static char zeros[8];
    bput(b, zeros, (8 - 10 * (size_t)n % 8) % 8);
  }
}
/* {"streams":[{"stream":…,"points":[[t,v],…]},…]} */
static void put_streams(Buf *b) {
  char w[256];
  bputs(b, "{");
  if (publish_by == PUB_SOCKET) bput(b, w, sprintf(w, "\"id\":%u,", message_id++));
  bputs(b, "\"streams\":[");
  for (uint32_t s = 0, i = 0, first = 1; s < (uint32_t)S; i += count_of[s++]) {
    if (!count_of[s]) continue;
    bputs(b, first ? "{\"stream\":\"" : ",{\"stream\":\"");
    first = 0;
    bput(b, w, sprintf(w, name, s));
    bputs(b, "\",\"points\":");
    for (uint32_t k = 0; k < count_of[s]; k++) bput(b, w, put_point(w, k ? ",[{t},{v}]" : "[[{t},{v}]", sorted[i + k]));
    bputs(b, "]}");
  }
  bputs(b, "]}");
}
static void put_columns(Buf *b) {
  char w[256];
  uint32_t length = 0;
  bput(b, &length, 4);
  bputs(b, "{\"streams\":[");
  for (uint32_t s = 0, first = 1; s < (uint32_t)S; s++) {
    if (!count_of[s]) continue;
    bputs(b, first ? "{\"stream\":\"" : ",{\"stream\":\"");
    first = 0;
    bput(b, w, sprintf(w, name, s));
    bput(b, w, sprintf(w, "\",\"count\":%u}", count_of[s]));
  }
  bputs(b, "]}");
  length = b->len - 4;
  memcpy(b->p, &length, 4);
  for (uint32_t s = 0, i = 0; s < (uint32_t)S; i += count_of[s++]) {
    for (uint32_t k = 0; k < count_of[s]; k++) { double t = sorted[i + k]->us / 1000.0; bput(b, &t, 8); }
    for (uint32_t k = 0; k < count_of[s]; k++) { double v = sorted[i + k]->value / 100.0; bput(b, &v, 8); }
  }
}

/* Where writes are answered, the next one is sent after the answer, and grows meanwhile. */
static void publish(void) {
  if (pub.state != READY || pub.busy) return;
  size_t n = npending < MAX_POINTS ? npending : MAX_POINTS;
  if (payload == PAY_JSON) publish_points(n);
  else {
    static Buf body;
    body.len = 0;
    sort_by_stream(n);
    if (payload == PAY_BLOCKS) put_blocks(&body);
    else if (payload == PAY_COLUMNS) put_columns(&body);
    else put_streams(&body);
    if (publish_by == PUB_HTTP) {
      char w[512];
      bput(&pub.out, w, sprintf(w, "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: %zu\r\n", pub_path, pub_port, body.len));
      bput(&pub.out, pub_headers.p, pub_headers.len);
      bputs(&pub.out, "\r\n");
      bput(&pub.out, body.p, body.len);
    } else ws_send(&pub, payload == PAY_STREAMS ? 1 : 2, body.p, body.len);
    pub.busy = publish_by == PUB_HTTP || publish_by == PUB_SOCKET;
  }
  requests++;
  batches[batch_open++ % BATCHES] = (Batch){now_ns(), 0};
  batches[batch_open % BATCHES] = (Batch){0, 0};
  memmove(pending, pending + n, (npending - n) * sizeof *pending);
  npending -= n;
  flush_out(&pub);
}
