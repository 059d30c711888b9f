/* floor: what the kernel alone costs. An epoll server that sends each frame, framed once, with one send() per subscriber.
 * Not a product: it checks nothing, and answers every handshake with the same key.
 *   floor PORT FLUSH_MS     FLUSH_MS 0: after each read of the publisher
 * Subscribers send the number of a stream as a text and are answered "ok". The publisher, at /pub, sends blocks (frames.h). */
#include "base.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_STREAMS 64
typedef struct {
  int fd, is_pub, is_open, count, wants_out;
  int streams[MAX_STREAMS]; /* what it watches */
  Buf in, out;
  size_t out_at;
} Conn;
typedef struct {
  Buf values, deltas, frame;
  double first;
  uint32_t n;
  int is_new, subscribers, cap;
  Conn **subscriber;
} Stream;
static Stream *streams;
static int nstreams, ep, flush_ms;

static Stream *stream(int s) {
  if (s >= nstreams) {
    streams = realloc(streams, (s + 256) * sizeof *streams);
    memset(streams + nstreams, 0, (s + 256 - nstreams) * sizeof *streams);
    nstreams = s + 256;
  }
  return &streams[s];
}
static void watch(Conn *c, int wants_out) {
  c->wants_out = wants_out;
  struct epoll_event e = {.events = EPOLLIN | (wants_out ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}
static void drain(Conn *c) {
  while (c->out_at < c->out.len) {
    ssize_t n = send(c->fd, c->out.p + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) break;
    c->out_at += n;
  }
  int waits = c->out_at < c->out.len;
  if (!waits) c->out_at = c->out.len = 0;
  if (waits != c->wants_out) watch(c, waits);
}
/* Sends at once what fits, and keeps the rest. */
static void put(Conn *c, struct iovec *parts, int count, size_t total) {
  ssize_t sent = 0;
  if (!c->out.len) {
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = count};
    sent = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) sent = 0;
  }
  if ((size_t)sent == total) return;
  for (int i = 0; i < count; i++) {
    size_t skip = (size_t)sent < parts[i].iov_len ? (size_t)sent : parts[i].iov_len;
    bput(&c->out, (char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
    sent -= skip;
  }
  if (!c->wants_out) watch(c, 1);
}
static void put_bytes(Conn *c, const char *p, size_t n) { put(c, &(struct iovec){(char *)p, n}, 1, n); }

static void make_frame(Stream *t, uint32_t s) {
  size_t n = 16 + t->values.len + t->deltas.len;
  unsigned char h[10] = {0x82};
  int k = 1;
  if (n < 126) h[k++] = n;
  else if (n < 65536) { h[k++] = 126; h[k++] = n >> 8; h[k++] = n; }
  else { h[k++] = 127; for (int i = 7; i >= 0; i--) h[k++] = (uint64_t)n >> (8 * i); }
  t->frame.len = 0;
  bput(&t->frame, h, k);
  bput(&t->frame, &s, 4);
  bput(&t->frame, &t->n, 4);
  bput(&t->frame, &t->first, 8);
  bput(&t->frame, t->values.p, t->values.len);
  bput(&t->frame, t->deltas.p, t->deltas.len);
  t->is_new = 1;
  t->values.len = t->deltas.len = t->n = 0;
}
/* Several streams of one connection go in one send, in the turn of the first of them that is new. */
static void send_to(Conn *c, int s) {
  struct iovec parts[MAX_STREAMS];
  int n = 0;
  size_t total = 0;
  for (int i = 0; i < c->count; i++) {
    Stream *t = &streams[c->streams[i]];
    if (!t->is_new) continue;
    if (c->streams[i] < s) return;
    parts[n++] = (struct iovec){t->frame.p, t->frame.len};
    total += t->frame.len;
  }
  put(c, parts, n, total);
}
static void flush_all(void) {
  for (int s = 0; s < nstreams; s++) if (streams[s].n) make_frame(&streams[s], s);
  for (int s = 0; s < nstreams; s++) {
    if (!streams[s].is_new) continue;
    for (int i = 0; i < streams[s].subscribers; i++) send_to(streams[s].subscriber[i], s);
  }
  for (int s = 0; s < nstreams; s++) streams[s].is_new = 0;
}
static void take_blocks(char *p, size_t len) {
  while (len >= 16) {
    uint32_t s, n;
    double first;
    memcpy(&s, p, 4);
    memcpy(&n, p + 4, 4);
    memcpy(&first, p + 8, 8);
    size_t size = (16 + 10 * (size_t)n + 7) & ~7UL;
    if (size > len) return;
    Stream *t = stream(s);
    if (!t->n) t->first = first;
    bput(&t->values, p + 16, 8 * n);
    for (uint32_t i = 0; i < n; i++) {
      uint16_t d;
      memcpy(&d, p + 16 + 8 * n + 2 * i, 2);
      d += (uint16_t)(first - t->first);
      bput(&t->deltas, &d, 2);
    }
    t->n += n;
    p += size;
    len -= size;
  }
}
static void gone(Conn *c) {
  epoll_ctl(ep, EPOLL_CTL_DEL, c->fd, 0);
  close(c->fd);
  c->fd = -1;
  for (int i = 0; i < c->count; i++) {
    Stream *t = &streams[c->streams[i]];
    for (int k = 0; k < t->subscribers; k++) if (t->subscriber[k] == c) { t->subscriber[k] = t->subscriber[--t->subscribers]; break; }
  }
}
static void subscribe(Conn *c, int s) {
  Stream *t = stream(s);
  if (t->subscribers == t->cap) t->subscriber = realloc(t->subscriber, (t->cap = t->cap * 2 + 8) * sizeof *t->subscriber);
  t->subscriber[t->subscribers++] = c;
  if (c->count < MAX_STREAMS) c->streams[c->count++] = s;
  put_bytes(c, "\x81\x02ok", 4);
}
static void on_data(Conn *c) {
  static char bytes[1 << 20];
  ssize_t r = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (r == 0 || (r < 0 && errno != EAGAIN)) { gone(c); return; }
  if (r < 0) return;
  bput(&c->in, bytes, r);
  size_t o = 0;
  if (!c->is_open) {
    char *end = memmem(c->in.p, c->in.len, "\r\n\r\n", 4);
    if (!end) return;
    c->is_pub = !strncmp(c->in.p, "GET /pub", 8);
    c->is_open = 1;
    o = end + 4 - c->in.p;
    const char *head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    put_bytes(c, head, strlen(head));
  }
  while (c->in.len - o >= 6) {
    unsigned char *h = (unsigned char *)c->in.p + o;
    size_t n = h[1] & 127, head = n < 126 ? 6 : n == 126 ? 8 : 14;
    if (c->in.len - o < head) break;
    if (n >= 126) { size_t of = head - 6; n = 0; for (size_t i = 0; i < of; i++) n = n << 8 | h[2 + i]; }
    if (c->in.len - o < head + n) break;
    char *p = c->in.p + o + head;
    const unsigned char *mask = h + head - 4;
    if (mask[0] | mask[1] | mask[2] | mask[3]) for (size_t i = 0; i < n; i++) p[i] ^= mask[i & 3];
    if (c->is_pub) take_blocks(p, n);
    else subscribe(c, atoi(p));
    o += head + n;
  }
  memmove(c->in.p, c->in.p + o, c->in.len - o);
  c->in.len -= o;
  if (c->is_pub && flush_ms == 0) flush_all();
}
static void accept_one(int listener) {
  int one = 1, fd = accept4(listener, 0, 0, SOCK_NONBLOCK);
  if (fd < 0) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  Conn *c = calloc(1, sizeof *c);
  c->fd = fd;
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
}
int main(int argc, char **argv) {
  if (argc < 3) { fprintf(stderr, "usage: floor PORT FLUSH_MS\n"); return 2; }
  signal(SIGPIPE, SIG_IGN);
  flush_ms = atoi(argv[2]);
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (void *)&a, sizeof a) || listen(listener, 1024)) { perror("floor"); return 1; }
  ep = epoll_create1(0);
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = 0};
  epoll_ctl(ep, EPOLL_CTL_ADD, listener, &e);
  printf("ready\n");
  fflush(stdout);
  for (int64_t next = now_ns();;) {
    struct epoll_event events[256];
    int64_t left = next - now_ns();
    int n = epoll_wait(ep, events, 256, flush_ms == 0 ? -1 : left <= 0 ? 0 : (left + 999999) / 1000000);
    for (int i = 0; i < n; i++) {
      Conn *c = events[i].data.ptr;
      if (!c) { accept_one(listener); continue; }
      if (events[i].events & EPOLLOUT) drain(c);
      if (c->fd >= 0 && events[i].events & ~EPOLLOUT) on_data(c);
    }
    if (flush_ms == 0 || now_ns() < next) continue;
    flush_all();
    next += flush_ms * 1000000LL;
    if (next < now_ns()) next = now_ns();
  }
}
