// What version 1 of the protocol was, in its own words: bundled by esbuild from commit 730dc14, never changed since.
// tests/e2e/versions.test.ts puts it to work with the present other side.
// sdk/src/protocol/error.ts
var errorCodes = [
  'invalid_input',
  'unauthenticated',
  'forbidden',
  'not_found',
  'not_acceptable',
  'conflict',
  'idempotency_key_reused',
  'too_large',
  'unsupported_type',
  'rate_limited',
  'unavailable',
  'storage_full',
  'internal',
];
var QuantumFluxError = class _QuantumFluxError extends Error {
  name = 'QuantumFluxError';
  code;
  path;
  constructor(code, message, options = {}) {
    super(message, options);
    this.code = code;
    this.path = options.path;
  }
  toBody() {
    return { code: this.code, message: this.message, ...(this.path === void 0 ? {} : { path: this.path }) };
  }
  static fromBody({ code, message, path }) {
    return new _QuantumFluxError(code, message, path === void 0 ? {} : { path });
  }
};

// sdk/src/protocol/bytes.ts
var MAX_SHIFTED = 2 ** 31;
var MAX_SCALE = 2 ** 49;
var ByteReader = class {
  #bytes;
  // Made when it is needed: most blocks are a point or two, all of it varints.
  #lazyView;
  at;
  constructor(bytes, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }
  get #view() {
    return (this.#lazyView ??= new DataView(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length));
  }
  get left() {
    return this.#bytes.length - this.at;
  }
  u8() {
    return this.#bytes[this.at++] ?? tooShort();
  }
  u32() {
    const bytes = this.#bytes;
    const at = this.at;
    this.at += 4;
    if (this.at > bytes.length) return tooShort();
    return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  }
  f64() {
    this.at += 8;
    return this.at > this.#bytes.length ? tooShort() : this.#view.getFloat64(this.at - 8, true);
  }
  varint() {
    let byte = this.#bytes[this.at++] ?? tooShort();
    if (byte < 128) return byte;
    let value = byte & 127;
    for (let scale = 128; scale <= MAX_SCALE; scale *= 128) {
      byte = this.#bytes[this.at++] ?? tooShort();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new QuantumFluxError('internal', 'A frame of points has a number that is too large.');
  }
  zigzag() {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
  /**
   * How many things follow, each of at least `bytesEach` bytes. A number that cannot be true is an error here, before
   * anybody makes room for so many.
   */
  count(bytesEach) {
    const count = this.varint();
    return count * bytesEach > this.left ? tooShort() : count;
  }
  /** A view, not a copy. */
  bytes(length) {
    const { buffer, byteOffset } = this.#bytes;
    const start = byteOffset + this.at;
    this.at += length;
    return this.at > this.#bytes.length ? tooShort() : new Uint8Array(buffer, start, length);
  }
};
function tooShort() {
  throw new QuantumFluxError('internal', 'A frame of points ended too early.');
}

// sdk/src/protocol/bits.ts
var BitReader = class {
  #reader;
  #word = 0;
  /** Bits of the word that were not taken yet, the lowest ones. */
  #left = 0;
  constructor(reader) {
    this.#reader = reader;
  }
  /** The next `count` bits, 1 to 32, as an unsigned integer. */
  take(count) {
    if (count <= this.#left) {
      this.#left -= count;
      return ((this.#word >>> this.#left) & mask(count)) >>> 0;
    }
    const missing = count - this.#left;
    const above = this.#left === 0 ? 0 : (this.#word & mask(this.#left)) << missing;
    this.#refill();
    if (missing > this.#left) throw this.broken();
    this.#left -= missing;
    return (above | ((this.#word >>> this.#left) & mask(missing))) >>> 0;
  }
  /** Less than a byte may be left, and it is zero. */
  end() {
    if (this.#left >= 8 || (this.#left > 0 && (this.#word & mask(this.#left)) !== 0)) throw this.broken();
  }
  broken() {
    return new QuantumFluxError('internal', 'A block of points has bits that make no sense.');
  }
  #refill() {
    if (this.#reader.left >= 4) {
      this.#word = this.#reader.u32();
      this.#left = 32;
      return;
    }
    this.#word = this.#left = 0;
    while (this.#reader.left > 0) {
      this.#word = (this.#word << 8) | this.#reader.u8();
      this.#left += 8;
    }
  }
};
function mask(count) {
  return count === 32 ? -1 : (1 << count) - 1;
}

// sdk/src/protocol/xor.ts
var float = new Float64Array(1);
var halves = new Uint32Array(float.buffer);
float[0] = -0;
var HIGH = halves[1] === 2147483648 ? 1 : 0;
var LOW = 1 - HIGH;
function readXor(reader, values) {
  const bits = new BitReader(reader);
  let high = bits.take(32);
  let low = bits.take(32);
  let leading = 0;
  let trailing = 0;
  for (let i = 0; i < values.length; i++) {
    if (i > 0 && bits.take(1) === 1) {
      if (bits.take(1) === 1) {
        const window = bits.take(11);
        leading = window >>> 6;
        trailing = 63 - leading - (window & 63);
        if (trailing < 0) throw bits.broken();
      }
      if (trailing >= 32) {
        high ^= bits.take(64 - leading - trailing) << (trailing - 32);
      } else {
        high ^= bits.take(32 - leading);
        low ^= bits.take(32 - trailing) << trailing;
      }
    }
    halves[HIGH] = high;
    halves[LOW] = low;
    values[i] = float[0];
  }
  bits.end();
}

// sdk/src/protocol/block.ts
var timeModes = { ms: 0, us: 1, raw: 2 };
var valueModes = { raw: 0, decimal: 1, xor: 2 };
var powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];
var leastBytes = [8, 1, 1 / 8];
function* blocksOf(bytes) {
  const reader = new ByteReader(bytes);
  while (reader.left > 0) {
    const start = reader.at;
    const stream = reader.varint();
    reader.bytes(reader.varint());
    yield { stream, bytes: bytes.subarray(start, reader.at) };
  }
}
function decodeBlock(block, room = newColumns) {
  const { reader, timeMode, valueMode, count } = open(block);
  const { times, values } = room(count);
  if (timeMode === timeModes.raw) readRaw(reader, times);
  else readTimes(reader, times, timeMode === timeModes.us ? 1e3 : 1);
  if (valueMode === valueModes.raw) readRaw(reader, values);
  else if (valueMode === valueModes.xor) readXor(reader, values);
  else readDecimals(reader, values);
  if (reader.left > 0) throw broken('has more bytes than points');
  return { times, values };
}
function newColumns(count) {
  return { times: new Float64Array(count), values: new Float64Array(count) };
}
function open({ bytes }) {
  const reader = new ByteReader(bytes);
  reader.varint();
  if (reader.varint() !== reader.left) throw broken('is not as long as it says');
  const mode = reader.u8();
  const [timeMode, valueMode] = [mode % 16, mode >> 4];
  const least = leastBytes[valueMode];
  if (least === void 0 || timeMode > timeModes.raw) throw broken('is coded in a way that this version does not know');
  const count = reader.count(least);
  if (count === 0) throw broken('has no points');
  return { reader, timeMode, valueMode, count };
}
function readTimes(reader, times, scale) {
  let time = reader.zigzag();
  let step = 0;
  times[0] = time / scale;
  for (let i = 1; i < times.length;) {
    const change = reader.zigzag();
    step += change;
    const end = change === 0 ? i + reader.varint() : i + 1;
    if (end > times.length) throw broken('has more times than points');
    while (i < end) {
      time += step;
      times[i++] = time / scale;
    }
  }
}
function readDecimals(reader, values) {
  const power = powersOfTen[reader.u8()];
  if (power === void 0) throw broken('has decimals that this version does not know');
  let scaled = 0;
  for (let i = 0; i < values.length; i++) {
    scaled += reader.zigzag();
    values[i] = scaled / power;
  }
}
function readRaw(reader, column) {
  for (let i = 0; i < column.length; i++) column[i] = reader.f64();
}
function broken(how) {
  return new QuantumFluxError('internal', `A block of points ${how}.`);
}

// sdk/src/protocol/endpoints.ts
var endpoints = {
  writePoints: { method: 'POST', path: '/api/v1/points' },
  uploadPoints: { method: 'POST', path: '/api/v1/points/upload' },
  writeInflux: { method: 'POST', path: '/api/v2/write' },
  writeInfluxV1: { method: 'POST', path: '/write' },
  writeOtlp: { method: 'POST', path: '/v1/metrics' },
  writePrometheus: { method: 'POST', path: '/api/v1/write' },
  query: { method: 'GET', path: '/api/v1/query' },
  listStreams: { method: 'GET', path: '/api/v1/streams' },
  changeStreams: { method: 'PATCH', path: '/api/v1/streams' },
  login: { method: 'POST', path: '/api/v1/auth/login' },
  me: { method: 'GET', path: '/api/v1/auth/me' },
  createKey: { method: 'POST', path: '/api/v1/keys' },
  listKeys: { method: 'GET', path: '/api/v1/keys' },
  revokeKey: { method: 'DELETE', path: '/api/v1/keys/:id' },
};

// sdk/src/protocol/frame.ts
var LAYOUT = 1;
var RANGE_BYTES = 4;
var ENTRY_BYTES = 2;
function decodeFrame(bytes) {
  const reader = new ByteReader(bytes);
  if (reader.u8() !== LAYOUT)
    throw new QuantumFluxError('internal', 'This version does not know the layout of a frame.');
  const channel = reader.varint();
  const epoch = reader.varint();
  const ranges = Array.from({ length: reader.count(RANGE_BYTES) }, () => readRange(reader));
  if (reader.left > 0) throw new QuantumFluxError('internal', 'A frame of points has more bytes than ranges.');
  return { channel, epoch, ranges };
}
function readRange(reader) {
  const partition = reader.varint();
  const after = reader.varint();
  const last = after + reader.varint();
  const entries = Array.from({ length: reader.count(ENTRY_BYTES) }, () => ({
    offset: after + reader.varint(),
    blocks: reader.bytes(reader.varint()),
  }));
  return { partition, after, last, entries };
}

// sdk/src/protocol/limits.ts
var MAX_WRITE_BYTES = 8 * 1024 * 1024;
var MAX_BODY_BYTES = 256 * 1024;
var HEARTBEAT_MS = 5e3;

// sdk/src/protocol/stream-key.ts
function streamKey({ stream, tags }) {
  const names = Object.keys(tags).sort();
  if (names.length === 0) return stream;
  return `${stream}{${names.map((name) => `${name}=${quote(tags[name])}`).join(',')}}`;
}
function quote(value) {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

// sdk/src/protocol/version.ts
var PROTOCOL_VERSION = 1;

// sdk/src/address.ts
function addressOf(url) {
  const page = globalThis.location;
  const text = url ?? page?.origin;
  if (text === void 0)
    throw new QuantumFluxError('invalid_input', 'Say where the server is: connect({ url }).', { path: 'url' });
  try {
    const { origin, pathname } = new URL(text, page?.href);
    return { origin, prefix: pathname.replace(/\/+$/, '') };
  } catch (cause) {
    throw new QuantumFluxError('invalid_input', `"${text}" is not the address of a server.`, { path: 'url', cause });
  }
}

// sdk/src/clock.ts
var Clock = class {
  #aheadMs = 0;
  /** The server's time in ms since the epoch; the local time until a reply proved that wrong. */
  now() {
    return Date.now() + this.#aheadMs;
  }
  /** A reply told the server's time `now`. It was so at some moment between asking and the answer, both local, in ms. */
  learn(now, { askedAt, answeredAt }) {
    const [least, most] = [now - answeredAt, now - askedAt];
    if (least <= this.#aheadMs && this.#aheadMs <= most) return;
    this.#aheadMs = (least + most) / 2;
  }
};

// sdk/src/channels.ts
var MAX_KEPT_POINTS_BYTES = 512 * 1024;
var MAX_KEPT = 2e3;
var Channels = class {
  #link;
  #members = /* @__PURE__ */ new Map();
  #due = 0;
  #kept = [];
  #keptBytes = 0;
  constructor(link) {
    this.#link = link;
  }
  /** Whether there is a subscription, so that the server has something to say. */
  get isListening() {
    return this.#members.size > 0;
  }
  /** Hands a message to whoever is on its channel. */
  deliver(message) {
    if (this.#due > 0) this.#keep(message);
    for (const member of this.#members.get(message.channel) ?? []) member.onMessage(message);
  }
  subscribe(request2, subscriber) {
    let leave;
    let isStopped = false;
    this.#due++;
    this.#link
      .subscribe(request2)
      .then(
        (reply) => {
          leave = () => this.#leave(reply.channel, subscriber);
          if (isStopped) return leave();
          subscriber.onReply(reply);
          for (const message of this.#kept) {
            if (message.channel === reply.channel && !isStopped) subscriber.onMessage(message);
          }
          if (!isStopped) this.#join(reply.channel, subscriber);
        },
        (error) => {
          if (!isStopped) subscriber.onRefused(error);
        },
      )
      .finally(() => {
        if (--this.#due === 0) this.#forget();
      });
    return () => {
      if (isStopped) return;
      isStopped = true;
      leave?.();
    };
  }
  #join(channel, subscriber) {
    const members = this.#members.get(channel) ?? /* @__PURE__ */ new Set();
    this.#members.set(channel, members.add(subscriber));
  }
  #leave(channel, subscriber) {
    const members = this.#members.get(channel);
    members?.delete(subscriber);
    if (members?.size === 0) this.#members.delete(channel);
    this.#link.unsubscribe(channel);
  }
  /** Bounded: what is dropped here shows up as a gap, and is asked for. */
  #keep(message) {
    this.#kept.push(message);
    this.#keptBytes += bytesOf(message);
    while (this.#kept.length > MAX_KEPT || this.#keptBytes > MAX_KEPT_POINTS_BYTES) {
      this.#keptBytes -= bytesOf(this.#kept.shift());
    }
  }
  #forget() {
    this.#kept = [];
    this.#keptBytes = 0;
  }
};
function bytesOf(message) {
  if (message.is !== 'frame') return 0;
  return message.ranges.reduce(
    (sum, { entries }) => entries.reduce((sum2, { blocks }) => sum2 + blocks.length, sum),
    0,
  );
}

// sdk/src/link.ts
import { Manager } from 'socket.io-client';

// sdk/src/errors.ts
function errorOf(body) {
  if (typeof body !== 'object' || body === null) return void 0;
  const { code, message, path } = body;
  if (typeof code !== 'string' || typeof message !== 'string') return void 0;
  const known = errorCodes.includes(code) ? code : 'internal';
  return new QuantumFluxError(known, message, path === void 0 ? {} : { path });
}
function isPassing({ code }) {
  return code === 'unavailable' || code === 'storage_full' || code === 'rate_limited' || code === 'internal';
}
function toQuantumFluxError(cause) {
  if (cause instanceof QuantumFluxError) return cause;
  return new QuantumFluxError('internal', `Something broke in the client: ${String(cause)}`, { cause });
}

// sdk/src/message.ts
function messageOfFrame(frame) {
  return { is: 'frame', ...decodeFrame(toBytes(frame)) };
}
function messageOfHeads({ channel, epoch, ranges }) {
  const empty = ranges.map(([partition, after, last]) => ({ partition, after, last, entries: [] }));
  return { is: 'frame', channel, epoch, ranges: empty };
}
function withBytes(reply) {
  return reply.is === 'history'
    ? { ...reply, blocks: toBytes(reply.blocks) }
    : { ...reply, frame: toBytes(reply.frame) };
}
function toBytes(binary) {
  return binary instanceof Uint8Array ? binary : new Uint8Array(binary);
}

// sdk/src/link.ts
var CONNECT_TIMEOUT_MS = 2e4;
var REPLY_TIMEOUT_MS = 2e4;
function openLink({ origin, prefix }, credentials, events) {
  const manager = new Manager(origin, {
    path: `${prefix}/socket.io`,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnection: false,
    autoConnect: false,
    timeout: CONNECT_TIMEOUT_MS,
  });
  const socket = manager.socket('/', {
    auth: (send) => void introduce(send),
  });
  let isOver = false;
  const timer = setTimeout(() => lose(`${origin} does not answer.`), CONNECT_TIMEOUT_MS);
  function close() {
    isOver = true;
    clearTimeout(timer);
    socket.off();
    socket.disconnect();
  }
  function end(how) {
    if (isOver) return;
    close();
    events.onEnd(how);
  }
  function lose(sentence, cause) {
    end({ is: 'lost', error: new QuantumFluxError('unavailable', sentence, { cause }) });
  }
  async function introduce(send) {
    try {
      const credential = await credentials.renew();
      if (!isOver) send({ protocol: PROTOCOL_VERSION, ...credential });
    } catch (cause) {
      end({ is: 'refused', error: toQuantumFluxError(cause) });
    }
  }
  function receive(read2) {
    try {
      events.onMessage(read2());
    } catch (cause) {
      end({ is: 'lost', error: toQuantumFluxError(cause) });
    }
  }
  socket.on('connect', () => {
    clearTimeout(timer);
    events.onOpen();
  });
  socket.on('connect_error', (cause) => {
    const error = errorOf(cause.data);
    if (error) end({ is: 'refused', error });
    else lose(`${origin} cannot be reached.`, cause);
  });
  socket.on('disconnect', (reason) => lose(`The connection to ${origin} was lost (${reason}).`));
  socket.on('goodbye', (message) => end({ is: 'goodbye', ...message }));
  socket.on('frame', (frame) => receive(() => messageOfFrame(frame)));
  socket.on('heads', (heads) => receive(() => messageOfHeads(heads)));
  socket.on('streams', (message) => receive(() => ({ is: 'streams', ...message })));
  socket.on('gone', (message) => receive(() => ({ is: 'gone', ...message })));
  socket.connect();
  return {
    async subscribe(request2) {
      const reply = await ask(request2);
      if (reply.ok) return withBytes(reply.value);
      throw errorOf(reply.error) ?? new QuantumFluxError('internal', 'The server refused without a reason.');
    },
    unsubscribe(channel) {
      if (!isOver) socket.emit('unsubscribe', { channel }, () => void 0);
    },
    close,
  };
  async function ask(request2) {
    try {
      return await socket.timeout(REPLY_TIMEOUT_MS).emitWithAck('subscribe', request2);
    } catch (cause) {
      lose(`${origin} did not answer a subscription.`, cause);
      throw new QuantumFluxError('unavailable', 'The connection was lost.', { cause });
    }
  }
}

// sdk/src/backoff.ts
function backoffDelay(attempt, { minMs, maxMs }, random = Math.random) {
  const ceiling = Math.min(maxMs, minMs * 2 ** (attempt + 1));
  return minMs + random() * (ceiling - minMs);
}

// sdk/src/reconnect.ts
var noTries = { attempt: 0, hurried: false };
function nextTry(end, { attempt, hurried }, { isRenewable, reconnect }) {
  const reason = end.is === 'goodbye' ? farewell(end.reason) : end.error;
  const delayMs = Math.round(backoffDelay(attempt, reconnect));
  const stop = { is: 'stop', error: reason };
  const later = { is: 'retry', delayMs, hurried, reason };
  const soon2 = hurried ? later : { is: 'retry', delayMs: 0, hurried: true, reason };
  switch (end.is) {
    case 'lost':
      return later;
    case 'refused':
      if (isPassing(end.error)) return later;
      return end.error.code === 'unauthenticated' && isRenewable && !hurried ? soon2 : stop;
    case 'goodbye':
      if (end.reason === 'shutdown') return { ...later, delayMs: Math.max(end.retryMs, delayMs) };
      return end.reason === 'expired' ? soon2 : stop;
  }
}
function farewell(reason) {
  if (reason === 'revoked') return new QuantumFluxError('forbidden', 'The key or the user lost the right to be here.');
  if (reason === 'expired') return new QuantumFluxError('unauthenticated', 'The token expired.');
  return new QuantumFluxError('unavailable', 'The server stopped; it is back soon.');
}

// sdk/src/watchers.ts
var FRAME_TIMEOUT_MS = 200;
var Watchers = class {
  #calls = /* @__PURE__ */ new Set();
  #cancel;
  get size() {
    return this.#calls.size;
  }
  add(call) {
    const watcher = (news) => call(news);
    this.#calls.add(watcher);
    return () => void this.#calls.delete(watcher);
  }
  /** Tells everybody soon, once, whatever else changes until then. */
  tellSoon(news) {
    this.#cancel ??= soon(() => this.tell(news()));
  }
  /** Tells everybody now; what was to be told soon is told with it. */
  tell(news) {
    this.cancel();
    for (const call of this.#calls) tellOne(call, news);
  }
  cancel() {
    this.#cancel?.();
    this.#cancel = void 0;
  }
};
function tellOne(call, news) {
  try {
    call(news);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
function soon(run) {
  const hasFrames = typeof requestAnimationFrame === 'function';
  const frame = hasFrames ? requestAnimationFrame(run) : 0;
  const timer = setTimeout(run, hasFrames ? FRAME_TIMEOUT_MS : 0);
  return () => {
    clearTimeout(timer);
    if (hasFrames) cancelAnimationFrame(frame);
  };
}

// sdk/src/connection.ts
var HOLD_MS = 1e4;
var Connection = class {
  #options;
  #members = /* @__PURE__ */ new Set();
  #observers = /* @__PURE__ */ new Set();
  #state = { is: 'idle' };
  #tries = noTries;
  #link;
  #channels;
  #heardAt = 0;
  /** Ends the timers of the present state. */
  #rest = () => void 0;
  constructor(options) {
    this.#options = options;
  }
  get state() {
    return this.#state;
  }
  /** There while the state is `connected`; another one after every connect. */
  get channels() {
    return this.#channels;
  }
  /** Needs the connection from now on, and hears of its state, at once and whenever it changes. */
  join(listener) {
    const member = (state) => listener(state);
    this.#members.add(member);
    if (this.#state.is === 'idle') this.#open();
    else member(this.#state);
    return () => {
      if (this.#members.delete(member) && this.#members.size === 0) this.#leave({ is: 'idle' });
    };
  }
  /** Hears of every change without needing the connection. */
  observe(listener) {
    const observer = (state) => tellOne(listener, state);
    this.#observers.add(observer);
    return () => void this.#observers.delete(observer);
  }
  /** For good. */
  close() {
    this.#leave({ is: 'closed' });
    this.#members.clear();
    this.#observers.clear();
  }
  #open() {
    const { address, credentials } = this.#options;
    this.#enter({ is: 'connecting', attempt: this.#tries.attempt, since: Date.now() });
    if (this.#state.is !== 'connecting') return;
    this.#link = openLink(address, credentials, {
      onOpen: () => this.#opened(),
      onMessage: (message) => this.#heard(message),
      onEnd: (end) => this.#ended(end),
    });
  }
  #opened() {
    this.#channels = new Channels(this.#link);
    this.#heardAt = Date.now();
    const timer = setInterval(() => this.#checkSilence(), this.#options.silenceMs / 3);
    this.#enter({ is: 'connected', since: Date.now() }, () => clearInterval(timer));
  }
  #heard(message) {
    this.#heardAt = Date.now();
    this.#channels?.deliver(message);
  }
  /** A connection can be dead long before the network says so: a laptop that slept, a router that forgot it. */
  #checkSilence() {
    if (!this.#channels?.isListening) this.#heardAt = Date.now();
    if (Date.now() - this.#heardAt <= this.#options.silenceMs) return;
    this.#link?.close();
    this.#ended({ is: 'lost', error: new QuantumFluxError('unavailable', 'The server fell silent.') });
  }
  #ended(end) {
    this.#link = this.#channels = void 0;
    const held = this.#state.is === 'connected' && Date.now() - this.#state.since >= HOLD_MS;
    const tries = held ? noTries : this.#tries;
    const next = nextTry(end, tries, { ...this.#options, isRenewable: this.#options.credentials.isRenewable });
    if (next.is === 'stop') return this.#enter({ is: 'error', error: next.error });
    this.#tries = { attempt: tries.attempt + 1, hurried: next.hurried };
    if (next.delayMs === 0) return this.#open();
    this.#wait(next);
  }
  #wait({ delayMs, reason }) {
    const open2 = () => this.#open();
    const timer = setTimeout(open2, delayMs);
    const page = globalThis;
    page.addEventListener?.('online', open2);
    const now = Date.now();
    this.#enter({ is: 'waiting', attempt: this.#tries.attempt, since: now, reason, retryAt: now + delayMs }, () => {
      clearTimeout(timer);
      page.removeEventListener?.('online', open2);
    });
  }
  #leave(state) {
    if (this.#state.is === 'closed') return;
    this.#link?.close();
    this.#link = this.#channels = void 0;
    this.#tries = noTries;
    this.#enter(state);
  }
  /** `rest` ends what goes on only in this state. */
  #enter(state, rest = () => void 0) {
    this.#rest();
    this.#rest = rest;
    this.#state = state;
    for (const listen of [...this.#members]) if (this.#members.has(listen)) listen(this.#state);
    for (const listen of [...this.#observers]) if (this.#observers.has(listen)) listen(this.#state);
  }
};

// sdk/src/credentials.ts
function createCredentials({ key, getToken }) {
  let last;
  let isOnItsWay = false;
  async function ask() {
    if (!getToken) return key === void 0 ? {} : { key };
    try {
      return { token: await getToken() };
    } catch (cause) {
      last = void 0;
      if (cause instanceof QuantumFluxError) throw cause;
      throw new QuantumFluxError('unavailable', `getToken brought no token: ${String(cause)}`, { cause });
    } finally {
      isOnItsWay = false;
    }
  }
  function renew() {
    if (last && isOnItsWay) return last;
    isOnItsWay = true;
    last = ask();
    return last;
  }
  function current() {
    return last ?? renew();
  }
  async function replace(used) {
    const newest = await current();
    return newest === used ? renew() : newest;
  }
  return { isRenewable: getToken !== void 0, current, renew, replace };
}

// sdk/src/http.ts
async function request({ method, path }, { query = {}, body, signal }, { address, credentials }) {
  const target = new URL(address.prefix + path, address.origin);
  for (const [name, value] of Object.entries(query)) if (value !== void 0) target.searchParams.set(name, String(value));
  const send = async ({ token, key }) => {
    const bearer = token ?? key;
    const headers = {
      ...(bearer === void 0 ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === void 0 ? {} : { 'content-type': 'application/json' }),
    };
    try {
      return await fetch(target, { method, headers, body: JSON.stringify(body) ?? null, signal: signal ?? null });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw new QuantumFluxError('unavailable', `${address.origin} cannot be reached.`, { cause });
    }
  };
  const credential = await credentials.current();
  let response = await send(credential);
  if (response.status === 401 && credentials.isRenewable) response = await send(await credentials.replace(credential));
  return read(response, signal);
}
async function read(response, signal) {
  try {
    const text = await response.text();
    const body = text === '' ? void 0 : JSON.parse(text);
    if (response.ok) return body;
    throw errorOf(body?.error) ?? unreadable(response);
  } catch (cause) {
    if (cause instanceof QuantumFluxError || signal?.aborted) throw cause;
    throw unreadable(response, cause);
  }
}
function unreadable({ ok, status, statusText }, cause) {
  const answer = `${status} ${statusText}`.trim();
  if (ok) return new QuantumFluxError('internal', `The server answered ${answer}, but not in JSON.`, { cause });
  return new QuantumFluxError(codes[status] ?? 'internal', `The server answered ${answer}.`, { cause });
}
var codes = {
  400: 'invalid_input',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  406: 'not_acceptable',
  409: 'conflict',
  413: 'too_large',
  415: 'unsupported_type',
  422: 'idempotency_key_reused',
  429: 'rate_limited',
  502: 'unavailable',
  503: 'unavailable',
  504: 'unavailable',
  507: 'storage_full',
};

// sdk/src/follow.ts
function follow({ connection, clock, reader, request: request2, reconnect }, onChange) {
  let phase = { is: 'offline', attempt: 0, reason: null, retryAt: null };
  let rest = () => void 0;
  let attempt = 0;
  function enter(next, nextRest = () => void 0) {
    rest();
    rest = nextRest;
    phase = next;
    onChange(phase);
  }
  function subscribe({ isLive }) {
    const { channels } = connection;
    if (!channels) return;
    rest();
    rest = () => void 0;
    const askedAt = Date.now();
    const resume = reader.position;
    const stop = channels.subscribe(resume ? { ...request2, resume } : request2, {
      onReply: (reply) => attend(() => onReply(reply, askedAt)),
      onMessage: (message) => attend(() => onMessage(message)),
      onRefused: fail,
    });
    enter({ is: 'asking', attempt, isLive }, stop);
  }
  function onReply(reply, askedAt) {
    clock.learn(reply.now, { askedAt, answeredAt: Date.now() });
    const resync = reader.accept(reply);
    phase = { is: 'following' };
    onChange(phase, resync);
  }
  function onMessage(message) {
    const received = reader.receive(message);
    if (received === 'behind') return catchUp();
    attempt = 0;
    if (received === 'changed') onChange(phase);
  }
  function catchUp() {
    if (attempt++ === 0) return subscribe({ isLive: true });
    wait(new QuantumFluxError('unavailable', 'The server sends less than everything.'));
  }
  function attend(receive) {
    try {
      receive();
    } catch (cause) {
      fail(toQuantumFluxError(cause));
    }
  }
  function fail(error) {
    if (isPassing(error)) return wait(error);
    enter({ is: 'refused', error });
    leave();
  }
  function wait(reason) {
    const delayMs = Math.round(backoffDelay(attempt, reconnect));
    const timer = setTimeout(() => subscribe({ isLive: false }), delayMs);
    enter({ is: 'waiting', attempt: attempt++, reason, retryAt: Date.now() + delayMs }, () => clearTimeout(timer));
  }
  function onConnection(state) {
    const reason = phase.is === 'offline' || phase.is === 'waiting' ? phase.reason : null;
    switch (state.is) {
      case 'connected':
        attempt = 0;
        return subscribe({ isLive: false });
      case 'waiting':
        return enter({ is: 'offline', attempt: state.attempt, reason: state.reason, retryAt: state.retryAt });
      case 'error':
        return enter({ is: 'refused', error: state.error });
      case 'closed':
        return enter({ is: 'refused', error: new QuantumFluxError('conflict', 'This client was closed.') });
      default:
        return enter({ is: 'offline', attempt: state.is === 'connecting' ? state.attempt : 0, reason, retryAt: null });
    }
  }
  const leave = connection.join(onConnection);
  return () => {
    rest();
    leave();
  };
}

// sdk/src/live-state.ts
function liveStateOf(phase, before, { hasHistory, now }) {
  if (phase.is === 'refused') return { is: 'error', error: phase.error };
  if (phase.is === 'following' || (phase.is === 'asking' && phase.isLive)) return { is: 'live' };
  if (!hasHistory) {
    return { is: 'connecting', attempt: phase.attempt, since: before.is === 'connecting' ? before.since : now };
  }
  const known = phase.is === 'asking' ? null : phase.reason;
  return {
    is: 'stale',
    since: before.is === 'stale' ? before.since : now,
    reason:
      known ?? (before.is === 'stale' ? before.reason : new QuantumFluxError('unavailable', 'Not connected yet.')),
    retryAt: phase.is === 'asking' ? null : phase.retryAt,
  };
}

// sdk/src/position.ts
function stepFor(position, epoch, [partition, after, last]) {
  if (epoch !== position.epoch) return { is: 'resync' };
  const since = position.offsets.find(([each]) => each === partition)?.[1] ?? 0;
  if (last <= since) return { is: 'drop' };
  if (after > since) return { is: 'gap' };
  const others = position.offsets.filter(([each]) => each !== partition);
  return { is: 'apply', since, position: { epoch, offsets: [...others, [partition, last]] } };
}

// sdk/src/series.ts
var FIRST_ROOM = 256;
var Series = class {
  /** The canonical text of the stream: `http.latency{region="eu"}`. */
  key;
  /** Most points that are kept. */
  capacity;
  #meta;
  #times = new Float64Array(0);
  #values = new Float64Array(0);
  // The points are those from #start to #end; before and after them is room.
  #start = 0;
  #end = 0;
  #version = 0;
  constructor(meta, { capacity = 1e5 } = {}) {
    this.key = streamKey(meta);
    this.capacity = capacity;
    this.#meta = meta;
  }
  /** What is known of the stream besides its points. */
  get meta() {
    return this.#meta;
  }
  /** Goes up whenever points or meta change, so that a drawing knows whether it is still right. */
  get version() {
    return this.#version;
  }
  get length() {
    return this.#end - this.#start;
  }
  /** Times in ms since the epoch. A view without a copy: valid until the series changes, and not to be written to. */
  get times() {
    return this.#times.subarray(this.#start, this.#end);
  }
  /** The value at each time; a view like `times`. */
  get values() {
    return this.#values.subarray(this.#start, this.#end);
  }
  /** Time of the oldest point, in ms since the epoch; null when there is none. */
  get first() {
    return this.length === 0 ? null : this.#times[this.#start];
  }
  /** Time of the newest point, in ms since the epoch; null when there is none. */
  get last() {
    return this.length === 0 ? null : this.#times[this.#end - 1];
  }
  /** Takes a new unit or kind. */
  describe(meta) {
    if (meta.unit !== this.#meta.unit || meta.kind !== this.#meta.kind) this.#version++;
    this.#meta = meta;
  }
  /** Drops all points. */
  clear() {
    this.#start = this.#end = 0;
    this.#version++;
  }
  /** Takes points in any order; of equal times the later one stays. */
  append(columns) {
    const added = isAscending(columns.times) ? columns : sorted(columns);
    const oldest = added.times[0];
    if (oldest === void 0) return;
    if (this.last === null || oldest > this.last) this.#push(added);
    else this.#merge(added, oldest);
    this.#start = Math.max(this.#start, this.#end - this.capacity);
    this.#version++;
  }
  #push({ times, values }) {
    const skipped = Math.max(0, times.length - this.capacity);
    this.#reserve(times.length - skipped);
    for (let i = skipped; i < times.length; i++) {
      this.#times[this.#end] = times[i];
      this.#values[this.#end++] = values[i];
    }
  }
  /** Takes off what is not before `oldest`, and puts it back together with what is new. */
  #merge(added, oldest) {
    const from = this.#start + firstAtOrAfter(this.times, oldest);
    const times = this.#times.slice(from, this.#end);
    const values = this.#values.slice(from, this.#end);
    this.#end = from;
    this.#push(merged({ times, values }, added));
  }
  /** Makes room for `count` more points, at most the capacity, behind those that will be kept. */
  #reserve(count) {
    if (this.#end + count <= this.#times.length) return;
    const kept = Math.min(this.length, this.capacity - count);
    const room = Math.min(Math.max(FIRST_ROOM, 2 * (kept + count)), Math.ceil(1.25 * this.capacity));
    this.#start = this.#end - kept;
    const { times, values } = this;
    if (room > this.#times.length) [this.#times, this.#values] = [new Float64Array(room), new Float64Array(room)];
    this.#times.set(times);
    this.#values.set(values);
    this.#start = 0;
    this.#end = kept;
  }
};
function firstAtOrAfter(times, time) {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
function isAscending(times) {
  for (let i = 1; i < times.length; i++) if (times[i] <= times[i - 1]) return false;
  return true;
}
function sorted({ times, values }) {
  const order = Uint32Array.from(times, (_, i) => i).sort((a, b) => times[a] - times[b] || a - b);
  const isLast = (i, at) => times[i] !== times[order[at + 1] ?? -1];
  const kept = order.filter(isLast);
  return { times: Float64Array.from(kept, (i) => times[i]), values: Float64Array.from(kept, (i) => values[i]) };
}
function merged(old, newer) {
  const times = new Float64Array(old.times.length + newer.times.length);
  const values = new Float64Array(times.length);
  let [length, o, n] = [0, 0, 0];
  while (o < old.times.length || n < newer.times.length) {
    const oldTime = old.times[o] ?? Infinity;
    const newTime = newer.times[n] ?? Infinity;
    times[length] = Math.min(oldTime, newTime);
    values[length++] = newTime <= oldTime ? newer.values[n] : old.values[o];
    if (oldTime <= newTime) o++;
    if (newTime <= oldTime) n++;
  }
  return { times: times.subarray(0, length), values: values.subarray(0, length) };
}

// sdk/src/reader.ts
var Reader = class {
  #capacity;
  #byId = /* @__PURE__ */ new Map();
  #series = [];
  #position;
  #intervalMs = null;
  constructor(capacity) {
    this.#capacity = capacity;
  }
  get series() {
    return this.#series;
  }
  /** Undefined until the first reply. */
  get position() {
    return this.#position;
  }
  get intervalMs() {
    return this.#intervalMs;
  }
  /** Takes the answer to a subscription. If that replaced what was there, says why. */
  accept(reply) {
    this.#keepOnly(reply.streams);
    if (reply.is === 'resumed') {
      const received = this.receive({ is: 'frame', ...decodeFrame(reply.frame) });
      if (received !== 'behind') this.#position = reply.position;
      return void 0;
    }
    for (const series of this.#series) series.clear();
    this.#append(reply.blocks);
    this.#intervalMs = reply.intervalMs;
    const resync = this.#position && (reply.resync ?? 'too_far');
    this.#position = reply.position;
    return resync;
  }
  /** Takes what the server sent on the channel of this subscription. */
  receive(message) {
    if (message.is === 'streams') return this.#meet(message.streams);
    if (message.is === 'gone') return this.#lose(message.streams);
    let received = 'unchanged';
    for (const { partition, after, last, entries } of message.ranges) {
      const step = this.#position && stepFor(this.#position, message.epoch, [partition, after, last]);
      if (!step || step.is === 'drop') continue;
      if (step.is !== 'apply') return 'behind';
      for (const { offset, blocks } of entries) {
        if (offset <= step.since) continue;
        this.#append(blocks);
        received = 'changed';
      }
      this.#position = step.position;
    }
    return received;
  }
  #append(blocks) {
    for (const block of blocksOf(blocks)) this.#byId.get(block.stream)?.append(decodeBlock(block));
  }
  #meet(streams) {
    const all = new Map([...this.#byId.values()].map(({ meta }) => [meta.id, meta]));
    for (const meta of streams) all.set(meta.id, meta);
    return this.#keepOnly([...all.values()]);
  }
  #lose(ids) {
    return this.#keepOnly(this.#series.map(({ meta }) => meta).filter(({ id }) => !ids.includes(id)));
  }
  /** One series per stream. Those that stay keep their identity, also when a restored database numbers them anew. */
  #keepOnly(streams) {
    const byKey = new Map(this.#series.map((series) => [series.key, series]));
    const next = streams.map((meta) => {
      const series = byKey.get(streamKey(meta));
      if (!series) return new Series(meta, { capacity: this.#capacity });
      series.describe(meta);
      return series;
    });
    this.#byId = new Map(next.map((series) => [series.meta.id, series]));
    const isSame = next.length === this.#series.length && next.every((series, i) => series === this.#series[i]);
    if (!isSame) this.#series = next;
    return 'changed';
  }
};

// sdk/src/live-stream.ts
var LiveStream = class {
  selector;
  #options;
  #ports;
  #reader;
  #watchers = new Watchers();
  #state = { is: 'connecting', attempt: 0, since: Date.now() };
  #stop;
  #linger;
  constructor(selector, options, ports) {
    this.selector = selector;
    this.#options = options;
    this.#ports = ports;
    this.#reader = new Reader(options.capacity);
  }
  /** One per stream that matches, in the order of the server; those that come later at the end. */
  get series() {
    return this.#reader.series;
  }
  get state() {
    return this.#state;
  }
  /**
   * Calls back now with what is there, and then after changes, at most once per animation frame (without a page: per
   * turn of the event loop). The first watcher connects; the last one to leave ends the subscription after a while, and
   * whoever watches after that goes on from there.
   */
  watch(onUpdate) {
    clearTimeout(this.#linger);
    const leave = this.#watchers.add(onUpdate);
    if (!this.#stop) this.#start();
    tellOne(onUpdate, this.#update());
    let isWatching = true;
    return () => {
      if (!isWatching) return;
      isWatching = false;
      leave();
      if (this.#watchers.size === 0) this.#endLater();
    };
  }
  #start() {
    const { from, width, wait } = this.#options;
    const request2 = { selector: this.selector, from, width, wait };
    this.#stop = follow({ ...this.#ports, reader: this.#reader, request: request2 }, (phase, resync) =>
      this.#onChange(phase, resync),
    );
  }
  #onChange(phase, resync) {
    const hasHistory = this.#reader.position !== void 0;
    this.#state = liveStateOf(phase, this.#state, { hasHistory, now: Date.now() });
    if (this.#ports.connection.state.is === 'closed') return this.#hush();
    if (resync) this.#watchers.tell({ ...this.#update(), resync });
    else this.#watchers.tellSoon(() => this.#update());
  }
  #update() {
    return { series: this.series, state: this.#state, intervalMs: this.#reader.intervalMs };
  }
  /** Leaving a page and coming back costs nothing; what was refused may be asked anew at once. */
  #endLater() {
    if (this.#state.is === 'error') return this.#end();
    this.#linger = setTimeout(() => this.#end(), this.#ports.lingerMs);
    unref(this.#linger);
  }
  #hush() {
    clearTimeout(this.#linger);
    this.#watchers.cancel();
  }
  #end() {
    this.#hush();
    this.#stop?.();
    this.#stop = void 0;
    this.#ports.onEnd();
  }
};
function unref(timer) {
  timer.unref?.();
}

// sdk/src/options.ts
function withDefaults({ from = '-15m', width = 1e3, capacity = 1e5, wait = true }) {
  return { from, width, capacity, wait };
}

// sdk/src/client.ts
function connect(options = {}) {
  return new QuantumFluxClient(options);
}
var QuantumFluxClient = class {
  #http;
  #connection;
  #clock = new Clock();
  #live;
  #streams = /* @__PURE__ */ new Map();
  constructor(options) {
    const { url, reconnect = { minMs: 500, maxMs: 2e4 }, lingerMs = 5e3, silenceMs = 3 * HEARTBEAT_MS } = options;
    this.#http = { address: addressOf(url), credentials: createCredentials(options) };
    this.#connection = new Connection({ ...this.#http, reconnect, silenceMs });
    this.#live = { connection: this.#connection, clock: this.#clock, reconnect, lingerMs };
  }
  /** What the connection is doing. */
  get state() {
    return this.#connection.state;
  }
  /** Calls back at every change of `state`, not for the present one. */
  onState(onChange) {
    return this.#connection.observe(onChange);
  }
  /**
   * The streams that a selector picks: history, then live. All who ask for the same share one subscription. Nothing is
   * asked of the server until the result is watched.
   */
  stream(selector, options = {}) {
    const all = withDefaults(options);
    const key = JSON.stringify([selector, all]);
    const shared = this.#streams.get(key);
    if (shared) return shared;
    const live = new LiveStream(selector, all, {
      ...this.#live,
      onEnd: () => void (this.#streams.get(key) === live && this.#streams.delete(key)),
    });
    this.#streams.set(key, live);
    return live;
  }
  /** `stream()` and `watch()` in one. */
  watch(selector, options, onUpdate) {
    return this.stream(selector, options).watch(onUpdate);
  }
  query(asked, options = {}) {
    const { select, from, to, width, fn, by, step } = asked;
    const query = { select, from, to, width, fn: fn && String(fn), by: by && String(by), step };
    return request(endpoints.query, { ...options, query }, this.#http);
  }
  /** Stores points; when it resolves they are on disk. All of them are stored, or none. */
  async write(streams, options = {}) {
    const body = { streams: Array.isArray(streams) ? streams : [streams] };
    await request(endpoints.writePoints, { ...options, body }, this.#http);
  }
  /** The streams that match, without points. Default: all. */
  async streams(select = '*', options = {}) {
    const answer = await request(endpoints.listStreams, { ...options, query: { select } }, this.#http);
    return answer.streams;
  }
  /** The server's clock, in ms since the epoch: the local one, put right by what replies to subscriptions told. */
  now() {
    return this.#clock.now();
  }
  /** Ends the connection and all subscriptions, for good. Watchers are not called any more. */
  close() {
    this.#connection.close();
  }
};
export { connect };
