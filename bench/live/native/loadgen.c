/* loadgen: one publisher and many subscribers in one epoll loop.
 *
 * Configuration: lines `key value` in the file named by argv[1] (see ../generator.mjs). Commands on stdin:
 *   step R settle_ms window_ms drain_ms   R points a second of each stream
 *   reconnect R away_ms patience_ms       all subscribers go and come back at once, with their positions
 *   beside pid,pid                        whose CPU is counted beside that of `pids`
 *   idle ms, quit
 * Each answer is one line of JSON. */
#include "frames.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SUB_WS, SUB_SIO, SUB_MQTT };
enum { PUB_NONE, PUB_WS, PUB_SIO, PUB_MQTT, PUB_HTTP, PUB_SOCKET };
enum { PAY_JSON, PAY_BLOCKS, PAY_STREAMS, PAY_COLUMNS };
enum { CONNECTING, UPGRADING, GREETING, READY, DEAD };

/* ---- configuration ---- */
static int ports[64], nports, pids[64], npids, beside[256], nbeside;
static int subscribe_by, publish_by, payload, pub_port, tick_us = 5000, once, has_frames, mark;
static char *path = "/", *pub_path = "/", *sub_msg = "", *sub_ack = "", *connect_msg = "40", *resume_msg = "";
static char *topic = "s/%d", *pub_msg = "", *name = "s%d";
static Buf headers, pub_headers;

/* ---- connections ---- */
typedef struct {
  Subscriber sub; /* the first member: what frames.h knows of it */
  int fd, state, acks, is_pub, wants_out, attachments, attached_frames, busy;
  Buf in, mqtt, out;
  size_t out_at;
  int64_t again_ns; /* when it tries once more, while all come back */
  int attempt;
  double back_ms;
} Conn;
static Conn *conns, pub;
static int ep, nready, is_returning;
static uint64_t bytes_in, messages_in, closed, pub_errors, requests, retries;
static int64_t last_received;

static void watch(Conn *c, int op) {
  struct epoll_event e = {.events = EPOLLIN | (c->wants_out ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(ep, op, c->fd, &e);
}
static void hang_up(Conn *c) {
  epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, 0);
  close(c->fd);
  c->in.len = c->mqtt.len = c->out.len = c->out_at = 0;
  c->attachments = c->acks = c->wants_out = 0;
  c->state = DEAD;
}
static void dead(Conn *c, const char *why) {
  if (c->state == DEAD) return;
  hang_up(c);
  if (is_returning && !c->is_pub) { /* as the SDK does: again, after 0.5 s to at most 20 s that double */
    retries++;
    double ceiling = 500.0 * (2 << (c->attempt < 5 ? c->attempt++ : 5));
    if (ceiling > 20000) ceiling = 20000;
    c->again_ns = now_ns() + (int64_t)((500 + rand() / (RAND_MAX + 1.0) * (ceiling - 500)) * 1e6);
    return;
  }
  if (closed++ < 3) fprintf(stderr, "loadgen: connection %d%s ended: %s\n", c->sub.idx, c->is_pub ? " (publisher)" : "", why);
}
static void flush_out(Conn *c) {
  while (c->out_at < c->out.len) {
    ssize_t n = send(c->fd, c->out.p + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) break;
    if (n < 0) { dead(c, strerror(errno)); return; }
    c->out_at += n;
  }
  int waits = c->out_at < c->out.len;
  if (!waits) c->out_at = c->out.len = 0;
  if (waits != c->wants_out) { c->wants_out = waits; watch(c, EPOLL_CTL_MOD); }
}

/* Masked, as clients must, with a mask of zeros. */
static void ws_head(Buf *b, int op, size_t n) {
  unsigned char h[14] = {0x80 | op};
  int k = 1;
  if (n < 126) h[k++] = 0x80 | n;
  else if (n < 65536) { h[k++] = 0x80 | 126; h[k++] = n >> 8; h[k++] = n; }
  else { h[k++] = 0x80 | 127; for (int i = 7; i >= 0; i--) h[k++] = (uint64_t)n >> (8 * i); }
  bput(b, h, k + 4);
}
static void ws_send(Conn *c, int op, const void *d, size_t n) { ws_head(&c->out, op, n); bput(&c->out, d, n); }
static void text(Conn *c, const char *s) { ws_send(c, 1, s, strlen(s)); }

/* {s} is the number of the stream, {n} that of the subscription, {position} where the subscriber is. */
static char *filled(const char *from, const Conn *c, int j) {
  static char o[4096];
  char *w = o;
  while (*from) {
    if (!strncmp(from, "{s}", 3)) { w += sprintf(w, "%d", stream_of(&c->sub, j)); from += 3; }
    else if (!strncmp(from, "{n}", 3)) { w += sprintf(w, "%d", j); from += 3; }
    else if (!strncmp(from, "{position}", 10)) {
      w += sprintf(w, "{\"epoch\":%llu,\"offsets\":[", (unsigned long long)c->sub.epoch);
      for (int p = 0; p < PARTITIONS; p++) w += sprintf(w, "%s[%d,%llu]", p ? "," : "", p, (unsigned long long)c->sub.offsets[p]);
      w += sprintf(w, "]}");
      from += 10;
    } else *w++ = *from++;
  }
  *w = 0;
  return o;
}
static void become_ready(Conn *c) {
  if (c->state == READY) return;
  c->state = READY;
  if (!c->is_pub) nready++;
}
static void subscribe(Conn *c) {
  const char *msg = is_returning && *resume_msg ? resume_msg : sub_msg;
  for (int j = 0; j < (once ? 1 : K) && *msg; j++) text(c, filled(msg, c, j));
  if (!*sub_ack || !*msg) become_ready(c);
}

/* ---- MQTT 3.1.1: the publisher over TCP, subscribers over WebSocket ---- */
static void mqtt_send(Conn *c, const void *d, size_t n) { if (c->is_pub) bput(&c->out, d, n); else ws_send(c, 2, d, n); }
static void mqtt_connect(Conn *c) {
  char id[32];
  int n = sprintf(id, "lg%d%s", c->sub.idx, c->is_pub ? "p" : "");
  unsigned char b[64] = {0x10, 12 + n, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, n};
  memcpy(b + 14, id, n);
  mqtt_send(c, b, 14 + n);
}
static void mqtt_subscribe(Conn *c) {
  Buf t = {0}, b = {0};
  bput(&t, "\0\1", 2);
  for (int j = 0; j < K; j++) {
    char to[64];
    unsigned char l[2] = {0, sprintf(to, topic, stream_of(&c->sub, j))};
    bput(&t, l, 2);
    bput(&t, to, l[1]);
    bput(&t, "\0", 1);
  }
  unsigned char h[8] = {0x82};
  int q = 1;
  for (size_t r = t.len; q == 1 || r; r >>= 7) h[q++] = (r & 127) | (r > 127 ? 128 : 0);
  bput(&b, h, q);
  bput(&b, t.p, t.len);
  mqtt_send(c, b.p, b.len);
  free(b.p);
  free(t.p);
}
static size_t mqtt_data(Conn *c, char *p, size_t len, int64_t now) {
  size_t o = 0;
  for (;;) {
    if (len - o < 2) break;
    size_t rest = 0, k = o + 1;
    int shift = 0, whole = 0;
    while (k < len && !whole) { unsigned char b = p[k++]; rest |= (size_t)(b & 127) << shift; shift += 7; whole = !(b & 128); }
    if (!whole || k + rest > len) break;
    int type = (unsigned char)p[o] >> 4;
    char *d = p + k;
    if (type == 3) {
      int tl = (unsigned char)d[0] << 8 | (unsigned char)d[1], s = 0;
      char *body = d + 2 + tl;
      for (char *x = d + 2; x < body; x++) if (*x >= '0' && *x <= '9') s = s * 10 + (*x - '0');
      messages_in++;
      json_points(&c->sub, local_of(&c->sub, s), body, rest - 2 - tl, now);
    } else if (type == 2 && d[1]) dead(c, "refused by the broker");
    else if (type == 2) { if (c->is_pub) become_ready(c); else mqtt_subscribe(c); }
    else if (type == 9) become_ready(c);
    if (c->state == DEAD) return len;
    o = k + rest;
  }
  return o;
}

/* ---- what comes over a WebSocket ---- */
static void upgraded(Conn *c) {
  c->state = GREETING;
  if (c->is_pub) { if (publish_by == PUB_WS || publish_by == PUB_SOCKET) become_ready(c); }
  else if (subscribe_by == SUB_WS) subscribe(c);
  else if (subscribe_by == SUB_MQTT) mqtt_connect(c);
}
static void accepted(int64_t now) { batches[batch_answered++ % BATCHES].accepted = now; }

/* Of the reply to a subscription: the position behind `"position":`. */
static void read_position(Subscriber *c, char *p, size_t n) {
  char *q = memmem(p, n, "\"position\":", 11), *e = q ? memmem(q, p + n - q, "\"epoch\":", 8) : 0, *o = q ? memmem(q, p + n - q, "\"offsets\":[", 11) : 0;
  if (!e || !o) return;
  c->epoch = strtoull(e + 8, 0, 10);
  for (o += 11; *o == '[' || *o == ','; ) {
    if (*o == ',') { o++; continue; }
    char *end;
    long partition = strtol(o + 1, &end, 10);
    uint64_t offset = strtoull(end + 1, &end, 10);
    if (partition >= 0 && partition < PARTITIONS) c->offsets[partition] = offset;
    o = end + 1;
  }
}
static void sio_text(Conn *c, char *p, size_t n, int64_t now) {
  if (p[0] == '0') text(c, connect_msg);
  else if (p[0] == '2') text(c, "3");
  if (p[0] != '4' || n < 2) return;
  if (p[1] == '0') { if (c->is_pub) become_ready(c); else subscribe(c); }
  if (p[1] == '4') { fprintf(stderr, "loadgen: refused: %.*s\n", (int)(n < 300 ? n : 300), p); dead(c, "refused"); }
  if (c->is_pub || c->state == DEAD) return;
  if (p[1] == '5' || p[1] == '6') { /* announces binary messages: of an event those are points, of a reply history */
    c->attachments = atoi(p + 2);
    c->attached_frames = p[1] == '5';
  }
  if (c->state != READY && *sub_ack && memmem(p, n, sub_ack, strlen(sub_ack))) {
    if (has_frames) read_position(&c->sub, p, n);
    if (++c->acks >= (once ? 1 : K)) become_ready(c);
  } else if (memmem(p, n, "\"ok\":false", 10)) {
    if (!is_returning) fprintf(stderr, "loadgen: %.*s\n", (int)(n < 300 ? n : 300), p);
    dead(c, "an error for a reply");
  } else if (p[1] == '2' && !has_frames) { messages_in++; json_points(&c->sub, K == 1 ? 0 : -1, p, n, now); }
}
static void binary(Conn *c, char *p, size_t n, int64_t now) {
  int skip = c->attachments > 0 && !c->attached_frames;
  if (c->attachments > 0) c->attachments--;
  if (skip) return;
  messages_in++;
  if (has_frames) read_frame(&c->sub, p, n, now);
  else block_points(&c->sub, p, n, now);
}
static void ws_message(Conn *c, int op, char *p, size_t n, int64_t now) {
  if (op == 9) ws_send(c, 10, p, n);
  else if (op == 8) dead(c, "closed by the server");
  else if (c->is_pub && publish_by == PUB_SOCKET) {
    if (memmem(p, n, "\"ok\":true", 9)) { c->busy = 0; accepted(now); }
    else if (c->busy = 0, pub_errors++ < 3) fprintf(stderr, "loadgen: a write was answered %.*s\n", (int)(n < 300 ? n : 300), p);
  } else if (op == 1 && n && (c->is_pub ? publish_by == PUB_SIO : subscribe_by == SUB_SIO)) sio_text(c, p, n, now);
  else if (c->is_pub) return;
  else if (op == 1 && *sub_ack && memmem(p, n, sub_ack, strlen(sub_ack))) { if (++c->acks >= K) become_ready(c); }
  else if (op == 2) binary(c, p, n, now);
}
/* Answers to writes over HTTP. */
static void http_data(Conn *c, int64_t now) {
  for (;;) {
    bput(&c->in, "", 1);
    c->in.len--;
    char *end = memmem(c->in.p, c->in.len, "\r\n\r\n", 4), *length;
    if (!end) return;
    size_t need = end + 4 - c->in.p;
    if ((length = strcasestr(c->in.p, "content-length:")) && length < end) need += atol(length + 15);
    if (c->in.len < need) return;
    if (c->in.p[9] == '2') accepted(now);
    else if (pub_errors++ < 3) fprintf(stderr, "loadgen: a write was answered %.300s\n", c->in.p);
    memmove(c->in.p, c->in.p + need, c->in.len - need);
    c->in.len -= need;
    c->busy = 0;
  }
}
static int is_websocket(const Conn *c) { return c->is_pub ? publish_by == PUB_WS || publish_by == PUB_SIO || publish_by == PUB_SOCKET : 1; }

static void on_data(Conn *c) {
  static char *bytes;
  static size_t cap;
  size_t before = c->in.len, room = 1 << 18;
  if (before + room > cap) bytes = realloc(bytes, cap = (before + room) * 2);
  ssize_t r = recv(c->fd, bytes + before, room, MSG_DONTWAIT);
  if (r == 0) { dead(c, "the end"); return; }
  if (r < 0) { if (errno != EAGAIN && errno != ENOTCONN) dead(c, strerror(errno)); return; }
  int64_t now = now_ns();
  last_received = now;
  if (!c->is_pub) bytes_in += r;
  if (c->is_pub && publish_by == PUB_HTTP) { bput(&c->in, bytes, r); http_data(c, now); return; }
  if (before) memcpy(bytes, c->in.p, before);
  c->in.len = 0;
  char *p = bytes;
  size_t len = before + r, o = 0;
  if (c->state == UPGRADING) {
    char *end = memmem(p, len, "\r\n\r\n", 4);
    if (!end) { bput(&c->in, p, len); return; }
    if (strncmp(p + 9, "101", 3)) { if (!is_returning) fprintf(stderr, "loadgen: %.*s\n", (int)(end - p), p); dead(c, "not upgraded"); return; }
    o = end + 4 - p;
    upgraded(c);
  }
  while (is_websocket(c) && c->state != DEAD && len - o >= 2) {
    unsigned char *h = (unsigned char *)p + o;
    size_t n = h[1] & 127, head = n < 126 ? 2 : n == 126 ? 4 : 10;
    if (len - o < head) break;
    if (n >= 126) { size_t bytes_of = head - 2; n = 0; for (size_t i = 0; i < bytes_of; i++) n = n << 8 | h[2 + i]; }
    if (len - o < head + n) break;
    if (!c->is_pub && subscribe_by == SUB_MQTT && (h[0] & 15) <= 2) {
      bput(&c->mqtt, p + o + head, n);
      size_t used = mqtt_data(c, c->mqtt.p, c->mqtt.len, now);
      if (c->state != DEAD) { memmove(c->mqtt.p, c->mqtt.p + used, c->mqtt.len - used); c->mqtt.len -= used; }
    } else ws_message(c, h[0] & 15, p + o + head, n, now);
    o += head + n;
  }
  if (c->is_pub && publish_by == PUB_MQTT) o += mqtt_data(c, p + o, len - o, now);
  if (c->state == DEAD) return;
  if (o < len) bput(&c->in, p + o, len - o);
  if (c->out.len) flush_out(c);
}
static void open_conn(Conn *c, int port) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (c->fd < 0 || (connect(c->fd, (void *)&a, sizeof a) && errno != EINPROGRESS)) { perror("loadgen: connect"); exit(2); }
  c->state = UPGRADING;
  c->again_ns = 0;
  if (is_websocket(c)) {
    char t[256];
    bputs(&c->out, "GET ");
    bputs(&c->out, c->is_pub ? pub_path : path);
    sprintf(t, " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", port);
    bputs(&c->out, t);
    Buf *more = c->is_pub ? &pub_headers : &headers;
    if (more->len) bput(&c->out, more->p, more->len);
    if (!c->is_pub && subscribe_by == SUB_MQTT) bputs(&c->out, "Sec-WebSocket-Protocol: mqtt\r\n");
    bputs(&c->out, "\r\n");
  } else {
    c->state = GREETING;
    if (publish_by == PUB_MQTT) mqtt_connect(c);
    else become_ready(c);
  }
  c->wants_out = c->out.len > 0;
  watch(c, EPOLL_CTL_ADD);
}

#include "publish.h"

/* ---- accounting ---- */
/* CPU seconds of all threads of a process, or -1 when it is gone. */
static double cpu_of(int pid) {
  char file[128], b[128];
  sprintf(file, "/proc/%d/task", pid);
  DIR *d = opendir(file);
  double seconds = d ? 0 : -1;
  for (struct dirent *e; d && (e = readdir(d)); ) {
    if (e->d_name[0] == '.') continue;
    sprintf(file, "/proc/%d/task/%.20s/schedstat", pid, e->d_name);
    int fd = open(file, O_RDONLY), r = fd < 0 ? 0 : read(fd, b, sizeof b - 1);
    if (fd >= 0) close(fd);
    if (r > 0) { b[r] = 0; seconds += strtoull(b, 0, 10) / 1e9; }
  }
  if (d) closedir(d);
  return seconds;
}
static long memory_kb(void) {
  long total = 0;
  for (int i = 0; i < npids; i++) {
    char file[64], b[4096], *q;
    sprintf(file, "/proc/%d/status", pids[i]);
    int fd = open(file, O_RDONLY), r = fd < 0 ? 0 : read(fd, b, sizeof b - 1);
    if (fd >= 0) close(fd);
    if (r > 0 && (b[r] = 0, q = strstr(b, "VmRSS:"))) total += atol(q + 6);
  }
  return total;
}
static double own_cpu(void) {
  struct rusage r;
  getrusage(RUSAGE_SELF, &r);
  return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}
/* Of all cores, from the time they idled: exact, unlike the columns that are sampled. */
static double busy_cpu(void) {
  unsigned long long u = 0, n = 0, s = 0, idle = 0, waiting = 0;
  FILE *f = fopen("/proc/stat", "r");
  if (f && fscanf(f, "cpu %llu %llu %llu %llu %llu", &u, &n, &s, &idle, &waiting) != 5) idle = 0;
  if (f) fclose(f);
  return now_ns() / 1e9 * sysconf(_SC_NPROCESSORS_ONLN) - (idle + waiting) / 100.0;
}
typedef struct { int64_t ns; uint64_t generated, bytes, messages, requests; double servers[64], beside[256], own, busy; } Account;
static Account account(void) {
  Account a = {now_ns(), generated_total, bytes_in, messages_in, requests, {0}, {0}, own_cpu(), busy_cpu()};
  for (int i = 0; i < npids; i++) a.servers[i] = cpu_of(pids[i]);
  for (int i = 0; i < nbeside; i++) a.beside[i] = cpu_of(beside[i]);
  return a;
}
/* What processes took between two looks; one that ended meanwhile does not count. */
static double taken(const double *from, const double *to, int n) {
  double seconds = 0;
  for (int i = 0; i < n; i++) if (from[i] >= 0 && to[i] >= 0) seconds += to[i] - from[i];
  return seconds;
}

static void pump(int64_t until) {
  struct epoll_event events[512];
  int64_t left = until - now_ns();
  struct timespec ts = {left > 0 ? left / 1000000000 : 0, left > 0 ? left % 1000000000 : 0};
  int n = epoll_pwait2(ep, events, 512, &ts, 0);
  for (int i = 0; i < n; i++) {
    Conn *c = events[i].data.ptr;
    if (!c || c->state == DEAD) continue;
    if (events[i].events & EPOLLOUT) flush_out(c);
    if (c->state != DEAD && events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_data(c);
  }
}
static int64_t next_flush;
/* Publishes what is due since `start`, and waits for what comes, at most 1 ms. */
static void work(double rate, int64_t start, uint64_t since, int64_t until) {
  int64_t now = now_ns();
  uint64_t due = (now - start) / 1e9 * rate * S, done = generated_total - since;
  if (due > done) generate(due - done > 65536 ? 65536 : due - done, start, since, rate);
  if (npending && now >= next_flush) {
    publish();
    next_flush += tick_us * 1000LL;
    if (next_flush < now) next_flush = now;
  }
  int64_t next = now + 1000000;
  if (npending && next_flush < next) next = next_flush;
  pump(next < until ? next : until);
}
static void forget_counts(void) {
  for (int i = 0; i < C; i++) for (int j = 0; j < K; j++) conns[i].sub.seen[j] = generated[stream_of(&conns[i].sub, j)];
}

static void step(double R, int settle, int window, int drain) {
  uint64_t each = (uint64_t)C * K / S, since = generated_total, received_before = received, closed_before = closed, errors_before = pub_errors, unmatched_before = unmatched, left_out_before = left_out;
  int64_t start = now_ns(), from = start + settle * 1000000LL, to = from + window * 1000000LL;
  memset(&since_sent, 0, sizeof since_sent);
  memset(&since_accepted, 0, sizeof since_accepted);
  win_received = lost = 0;
  next_flush = start;
  const char *aborted = "";
  Account a = account(), b;
  for (;;) {
    int64_t now = now_ns();
    if (!in_window && now >= from) { a = account(); in_window = 1; }
    if (now >= to) break;
    uint64_t behind = (generated_total - since) * each - (received - received_before);
    if (now - start > 700000000LL && behind > R * S * each * 1.5 + 5000) { aborted = "too slow"; break; }
    if (closed != closed_before) { aborted = "connections ended"; break; }
    work(R, start, since, in_window ? to : from);
  }
  b = account();
  in_window = 0;
  uint64_t behind = (generated_total - since) * each - (received - received_before);
  int64_t patience = now_ns() + drain * 1000000LL;
  last_received = now_ns();
  while (now_ns() < patience && now_ns() - last_received < 1500000000LL) {
    if (npending) publish();
    if (!npending && received - received_before >= (generated_total - since) * each) break;
    pump(now_ns() + 2000000);
  }
  uint64_t missing = (generated_total - since) * each - (received - received_before);
  npending = 0;
  forget_counts();
  received = received_before + (generated_total - since) * each;
  double wall = (b.ns - a.ns) / 1e9, server = taken(a.servers, b.servers, npids), more = taken(a.beside, b.beside, nbeside), own = b.own - a.own;
  printf("{\"type\":\"step\",\"rate\":%.3f,\"aborted\":\"%s\",\"wall\":%.4f,\"offered\":%llu,\"received\":%llu,\"lost\":%llu,\"missing\":%llu,\"unmatched\":%llu,\"leftOut\":%llu,\"behind\":%llu,"
         "\"sent\":{\"p50\":%.1f,\"p99\":%.1f},\"accepted\":{\"p50\":%.1f,\"p99\":%.1f},\"bytes\":%llu,\"messages\":%llu,\"requests\":%llu,\"server\":%.4f,\"beside\":%.4f,\"own\":%.4f,\"foreign\":%.3f,\"closed\":%llu,\"refused\":%llu}\n",
         R, aborted, wall > 0 ? wall : 1e-9, (unsigned long long)((b.generated - a.generated) * each), (unsigned long long)win_received, (unsigned long long)lost, (unsigned long long)missing,
         (unsigned long long)(unmatched - unmatched_before), (unsigned long long)(left_out - left_out_before), (unsigned long long)behind,
         latency_at(&since_sent, .5), latency_at(&since_sent, .99), latency_at(&since_accepted, .5), latency_at(&since_accepted, .99),
         (unsigned long long)(b.bytes - a.bytes), (unsigned long long)(b.messages - a.messages), (unsigned long long)(b.requests - a.requests), server, more, own, b.busy - a.busy - server - more - own,
         (unsigned long long)(closed - closed_before), (unsigned long long)(pub_errors - errors_before));
}

static int by_double(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return (x > y) - (x < y); }

/* All subscribers hang up, and connect again after `away` ms, within half a second, while points go on. */
static void reconnect(double R, int away, int patience) {
  int64_t start = now_ns(), open_at = start + away * 1000000LL, until = open_at + patience * 1000000LL;
  uint64_t since = generated_total;
  next_flush = start;
  is_returning = ignoring = 1;
  retries = nready = 0;
  for (int i = 0; i < C; i++) { hang_up(&conns[i]); conns[i].back_ms = -1; conns[i].attempt = 0; conns[i].again_ns = open_at + rand() % 500 * 1000000LL; }
  Account a = account();
  int64_t all_back = 0;
  while (!all_back && now_ns() < until) {
    int64_t now = now_ns();
    for (int i = 0; i < C && now >= open_at; i++) {
      Conn *c = &conns[i];
      if (c->state == DEAD && now >= c->again_ns) open_conn(c, ports[i % nports]);
      if (c->state == READY && c->back_ms < 0) c->back_ms = (now - open_at) / 1e6;
    }
    if (nready == C) all_back = now;
    work(R, start, since, until);
  }
  double *took = malloc(C * sizeof *took), last = 0;
  int back = 0;
  for (int i = 0; i < C; i++) if (conns[i].state == READY) { took[back] = conns[i].back_ms < 0 ? (now_ns() - open_at) / 1e6 : conns[i].back_ms; if (took[back] > last) last = took[back]; back++; }
  qsort(took, back, sizeof *took, by_double);
  /* Until what is under way has arrived; then counts begin anew. */
  for (int64_t end = now_ns() + 1500000000LL; now_ns() < end || pub.busy; ) { if (npending) publish(); pump(now_ns() + 2000000); }
  Account b = account();
  npending = 0;
  forget_counts();
  is_returning = ignoring = 0;
  printf("{\"type\":\"reconnect\",\"back\":%d,\"of\":%d,\"seconds\":%.3f,\"p50\":%.3f,\"p99\":%.3f,\"retries\":%llu,\"server\":%.3f,\"beside\":%.3f,\"own\":%.3f,\"requests\":%llu,\"bytes\":%llu}\n", back, C, last / 1000,
         back ? took[back / 2] / 1000 : 0, back ? took[(int)(back * .99)] / 1000 : 0, (unsigned long long)retries, taken(a.servers, b.servers, npids), taken(a.beside, b.beside, nbeside), b.own - a.own, (unsigned long long)(b.requests - a.requests), (unsigned long long)(b.bytes - a.bytes));
  free(took);
}

static void give_up(const char *why) {
  printf("{\"type\":\"error\",\"message\":\"%s (%d of %d are ready)\"}\n", why, nready, C);
  fflush(stdout);
  exit(3);
}
/* At most 64 subscriptions are made at a time. */
static void connect_all(void) {
  int64_t start = now_ns();
  long before = memory_kb(), marked = 0;
  int at_once = once || K < 16 ? 64 / (once ? 1 : K) : 4;
  for (int opened = 0; nready < C; pump(now_ns() + 20000000)) {
    while (opened < C && opened - nready < at_once) {
      Conn *c = &conns[opened];
      c->sub.idx = opened;
      c->sub.seen = calloc(K, sizeof *c->sub.seen);
      open_conn(c, ports[opened++ % nports]);
    }
    if (mark && !marked && nready >= mark) marked = memory_kb();
    if (closed) give_up("a connection ended while they were made");
    if (now_ns() - start > 150000000000LL) give_up("not all were connected within 150 s");
  }
  double seconds = (now_ns() - start) / 1e9;
  if (publish_by != PUB_NONE) {
    pub.is_pub = 1;
    pub.sub.idx = -1;
    open_conn(&pub, pub_port);
    for (int64_t until = now_ns() + 10000000000LL; pub.state != READY; pump(now_ns() + 5000000)) if (pub.state == DEAD || now_ns() > until) give_up("the publisher was not connected");
  }
  printf("{\"type\":\"ready\",\"seconds\":%.3f,\"beforeKb\":%ld,\"markKb\":%ld,\"memoryKb\":%ld}\n", seconds, before, marked, memory_kb());
  fflush(stdout);
}
static int numbers(char *from, int *to, int max) {
  int n = 0;
  for (char *t = strtok(from, ","); t && n < max; t = strtok(0, ",")) to[n++] = atoi(t);
  return n;
}
static int one_of(const char *what, const char *words) { /* the place of a word among words with spaces around */
  char w[64];
  snprintf(w, sizeof w, " %s ", what);
  const char *at = strstr(words, w);
  if (!at) { fprintf(stderr, "loadgen: unknown %s\n", what); exit(2); }
  int n = 0;
  for (const char *p = words; p < at; p++) n += *p == ' ';
  return n;
}
static void configure(FILE *f) {
  char *line = 0;
  size_t cap = 0;
  for (ssize_t n; (n = getline(&line, &cap, f)) > 0; ) {
    if (line[n - 1] == '\n') line[--n] = 0;
    char *v = strchr(line, ' ');
    if (!v) continue;
    *v++ = 0;
    char *u = strdup(v), *k = line;
#define IS(x) else if (!strcmp(k, x))
    if (0) ;
    IS("ports") nports = numbers(u, ports, 64);
    IS("pids") npids = numbers(u, pids, 64);
    IS("ids") { /* the server's numbers of our streams, in order */
      int s = 0;
      for (char *t = strtok(u, ","); t; t = strtok(0, ","), s++) {
        int id = atoi(t);
        while (id >= ids_cap) { stream_by_id = realloc(stream_by_id, (ids_cap + 256) * sizeof(int)); for (int i = 0; i < 256; i++) stream_by_id[ids_cap + i] = -1; ids_cap += 256; }
        stream_by_id[id] = s;
      }
    }
    IS("streams") S = atoi(u);
    IS("conns") C = atoi(u);
    IS("subs") K = atoi(u);
    IS("mark") mark = atoi(u); /* at so many connections the servers' memory is looked at */
    IS("once") once = atoi(u);
    IS("frames") has_frames = atoi(u);
    IS("sub") subscribe_by = one_of(u, " ws sio mqttws ");
    IS("pub") publish_by = one_of(u, " none ws sio mqtt http socket ");
    IS("payload") payload = one_of(u, " json blocks streams columns ");
    IS("pubport") pub_port = atoi(u);
    IS("tick") tick_us = atoi(u);
    IS("path") path = u;
    IS("pubpath") pub_path = u;
    IS("submsg") sub_msg = u;
    IS("resumemsg") resume_msg = u;
    IS("suback") sub_ack = u;
    IS("connect") connect_msg = u;
    IS("topic") topic = u;
    IS("pubmsg") pub_msg = u;
    IS("name") name = u;
    IS("header") { bputs(&headers, u); bputs(&headers, "\r\n"); }
    IS("pubheader") { bputs(&pub_headers, u); bputs(&pub_headers, "\r\n"); }
    else { fprintf(stderr, "loadgen: unknown key %s\n", k); exit(2); }
  }
}
int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  FILE *f = argc > 1 ? fopen(argv[1], "r") : 0;
  if (!f) { fprintf(stderr, "usage: loadgen FILE\n"); return 2; }
  configure(f);
  points_init();
  publish_init();
  conns = calloc(C, sizeof *conns);
  ep = epoll_create1(0);
  connect_all();
  fcntl(0, F_SETFL, O_NONBLOCK);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = 0};
  epoll_ctl(ep, EPOLL_CTL_ADD, 0, &e);
  for (Buf in = {0};;) {
    char t[4096];
    ssize_t r = read(0, t, sizeof t);
    if (r == 0) return 0;
    if (r > 0) bput(&in, t, r);
    for (char *end; in.len && (end = memchr(in.p, '\n', in.len)); ) {
      *end = 0;
      double R;
      int a, b, c;
      if (sscanf(in.p, "step %lf %d %d %d", &R, &a, &b, &c) == 4) step(R, a, b, c);
      else if (sscanf(in.p, "reconnect %lf %d %d", &R, &a, &b) == 3) reconnect(R, a, b);
      else if (!strncmp(in.p, "beside ", 7)) nbeside = numbers(in.p + 7, beside, 256);
      else if (sscanf(in.p, "tick %d", &a) == 1) tick_us = a;
      else if (sscanf(in.p, "idle %d", &a) == 1) {
        for (int64_t until = now_ns() + a * 1000000LL; now_ns() < until; ) pump(until);
        printf("{\"type\":\"idle\",\"memoryKb\":%ld,\"closed\":%llu}\n", memory_kb(), (unsigned long long)closed);
      } else if (!strcmp(in.p, "quit")) return 0;
      fflush(stdout);
      size_t used = end + 1 - in.p;
      memmove(in.p, end + 1, in.len - used);
      in.len -= used;
    }
    pump(now_ns() + 50000000);
  }
}
