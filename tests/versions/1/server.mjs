// What version 1 of the protocol was, in its own words: bundled by esbuild from commit 730dc14, never changed since.
// tests/e2e/versions.test.ts puts it to work with the present other side.
// sdk/src/testing/test-server.ts
import { createServer } from 'node:http';
import { Server } from 'socket.io';

// sdk/src/protocol/error.ts
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
var FEW_BYTES = 48;
var MAX_SHIFTED = 2 ** 31;
var MAX_SCALE = 2 ** 49;
var ByteWriter = class {
  #bytes;
  #view;
  length = 0;
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }
  /** A copy of what was written. */
  toBytes() {
    return this.#bytes.slice(0, this.length);
  }
  /** Makes room, so that the next `size` bytes can be written. */
  reserve(size) {
    if (this.length + size <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + size));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
  u8(value) {
    this.reserve(1);
    this.#bytes[this.length++] = value;
  }
  u32(value) {
    this.reserve(4);
    this.#view.setUint32(this.length, value);
    this.length += 4;
  }
  f64(value) {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }
  varint(value) {
    this.reserve(8);
    while (value >= MAX_SHIFTED) {
      this.#bytes[this.length++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    while (value >= 128) {
      this.#bytes[this.length++] = (value & 127) | 128;
      value >>>= 7;
    }
    this.#bytes[this.length++] = value;
  }
  zigzag(value) {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }
  bytes(value) {
    this.reserve(value.length);
    this.#bytes.set(value, this.length);
    this.length += value.length;
  }
  /** Everything that another one holds. */
  append(other) {
    const { length } = other;
    if (length > FEW_BYTES) return this.bytes(other.#bytes.subarray(0, length));
    this.reserve(length);
    for (let i = 0; i < length; i++) this.#bytes[this.length + i] = other.#bytes[i];
    this.length += length;
  }
};

// sdk/src/protocol/bits.ts
var BitWriter = class {
  #out;
  #word = 0;
  /** Bits of the word that are still free, the lowest ones. */
  #free = 32;
  constructor(out) {
    this.#out = out;
  }
  /** The lowest `count` bits of `bits`, 1 to 32; the bits above them must be zero. */
  put(bits, count) {
    if (count < this.#free) {
      this.#free -= count;
      this.#word |= bits << this.#free;
      return;
    }
    const rest = count - this.#free;
    this.#out.u32((this.#word | (bits >>> rest)) >>> 0);
    this.#free = 32 - rest;
    this.#word = rest === 0 ? 0 : bits << this.#free;
  }
  /** Fills the last byte with zeros. */
  end() {
    for (let used = 32 - this.#free; used > 0; used -= 8) {
      this.#out.u8(this.#word >>> 24);
      this.#word <<= 8;
    }
  }
};

// sdk/src/protocol/xor.ts
var float = new Float64Array(1);
var halves = new Uint32Array(float.buffer);
float[0] = -0;
var HIGH = halves[1] === 2147483648 ? 1 : 0;
var LOW = 1 - HIGH;
function writeXor(out, values, start, end) {
  const bits = new BitWriter(out);
  float[0] = values[start];
  let high = halves[HIGH];
  let low = halves[LOW];
  let leading = 64;
  let trailing = 64;
  bits.put(high, 32);
  bits.put(low, 32);
  for (let i = start + 1; i < end; i++) {
    float[0] = values[i];
    const xorHigh = (halves[HIGH] ^ high) >>> 0;
    const xorLow = (halves[LOW] ^ low) >>> 0;
    high = halves[HIGH];
    low = halves[LOW];
    if (xorHigh === 0 && xorLow === 0) {
      bits.put(0, 1);
      continue;
    }
    const zerosBefore = Math.min(31, Math.clz32(xorHigh));
    const zerosAfter = xorLow !== 0 ? trailingZeros(xorLow) : 32 + trailingZeros(xorHigh);
    if (zerosBefore >= leading && zerosAfter >= trailing) {
      bits.put(2, 2);
    } else {
      leading = zerosBefore;
      trailing = zerosAfter;
      bits.put((3 << 11) | (leading << 6) | (63 - leading - trailing), 13);
    }
    if (trailing >= 32) {
      bits.put(xorHigh >>> (trailing - 32), 64 - leading - trailing);
    } else {
      bits.put(xorHigh, 32 - leading);
      bits.put(xorLow >>> trailing, 32 - trailing);
    }
  }
  bits.end();
}
function trailingZeros(word) {
  return 31 - Math.clz32(word & -word);
}

// sdk/src/protocol/block.ts
var timeModes = { ms: 0, us: 1, raw: 2 };
var valueModes = { raw: 0, decimal: 1, xor: 2 };
var powersOfTen = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];
var leastBytes = [8, 1, 1 / 8];

// sdk/src/protocol/frame.ts
var LAYOUT = 1;
function encodeFrame({ channel, epoch, ranges }) {
  const out = new ByteWriter();
  out.u8(LAYOUT);
  out.varint(channel);
  out.varint(epoch);
  out.varint(ranges.length);
  for (const { partition, after, last, entries } of ranges) {
    out.varint(partition);
    out.varint(after);
    out.varint(last - after);
    out.varint(entries.length);
    for (const { offset, blocks } of entries) {
      out.varint(offset - after);
      out.varint(blocks.length);
      out.bytes(blocks);
    }
  }
  return out.toBytes();
}

// sdk/src/protocol/limits.ts
var MAX_WRITE_BYTES = 8 * 1024 * 1024;
var MAX_BODY_BYTES = 256 * 1024;
var MAX_SELECTOR_LENGTH = 1e3;
var MAX_TIME = 864e13;
var PARTITIONS = 8;
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

// sdk/src/protocol/selector.ts
function parseSelector(text) {
  if (text.length > MAX_SELECTOR_LENGTH) throw mistake(MAX_SELECTOR_LENGTH, 'the selector is too long');
  let at = 0;
  const take = (pattern, expected) => {
    const sticky = new RegExp(pattern, 'y');
    sticky.lastIndex = at;
    const [found] = sticky.exec(text) ?? [];
    if (found === void 0) throw mistake(at, `expected ${expected}`);
    at += found.length;
    return found;
  };
  const next = (token) => {
    take(/\s*/, '');
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  take(/\s*/, '');
  const name = take(/[A-Za-z_*][A-Za-z0-9_.:/*-]*/, 'the name of a stream');
  const matchers = [];
  if (next('{')) {
    while (!next('}')) {
      if (matchers.length > 0 && !next(',')) throw mistake(at, 'expected , or }');
      take(/\s*/, '');
      const tag = take(/[A-Za-z_][A-Za-z0-9_.-]*/, 'the name of a tag');
      take(/\s*/, '');
      const operator = take(/=~|!~|!=|=/, '= != =~ or !~');
      take(/\s*/, '');
      const valueAt = at;
      const quoted = take(/"(?:[^"\\\n]|\\["\\n])*"/, 'a value in double quotes');
      if (operator.endsWith('~')) checkPattern(quoted.slice(1, -1), valueAt + 1);
      matchers.push({ tag, operator, value: unquote(quoted) });
    }
  }
  take(/\s*/, '');
  if (at < text.length) throw mistake(at, 'expected the end');
  return { name, matchers };
}
function formatSelector({ name, matchers }) {
  const parts = matchers.map(({ tag, operator, value }) => `${tag}${operator}${quote(value)}`).sort();
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
}
function matcherOf({ name, matchers }) {
  const matchesName = textMatcher([name.split('*')]);
  const tests = matchers.map(({ tag, operator, value }) => {
    const matches = operator.endsWith('~') ? textMatcher(alternativesOf(value)) : (text) => text === value;
    const wanted = !operator.startsWith('!');
    return (tags) => matches(Object.hasOwn(tags, tag) ? tags[tag] : '') === wanted;
  });
  return ({ stream, tags }) => matchesName(stream) && tests.every((test) => test(tags));
}
function textMatcher(alternatives) {
  return (text) => alternatives.some((pieces) => fits(text, pieces));
}
function alternativesOf(pattern) {
  return pattern.split('|').map((each) => each.split(/\.?\*/));
}
function fits(text, pieces) {
  const first = pieces[0];
  const last = pieces.at(-1);
  if (pieces.length === 1) return text === first;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
function checkPattern(written, column) {
  const bad = /\\\\|[()[\]{}+?^$]/.exec(written);
  if (bad) throw mistake(column + bad.index, `"${bad[0]}" has no meaning in a pattern; use | and *`);
}
function unquote(quoted) {
  return quoted.slice(1, -1).replace(/\\(["\\n])/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
}
function mistake(index, what) {
  return new QuantumFluxError('invalid_input', `The selector is not right at column ${index + 1}: ${what}.`);
}

// sdk/src/protocol/time.ts
var unitMs = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };
var isoTime = /^(\d{4}-\d{2}(?:-\d{2})?)(?:([T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;
function parseDuration(text) {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gy)];
  const isWhole = parts.length > 0 && parts.map(([part]) => part).join('') === text;
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit], 0);
  if (!isWhole || ms === 0) {
    throw new QuantumFluxError(
      'invalid_input',
      `"${text}" is not a length of time; write for example 30s, 15m or 1h30m.`,
    );
  }
  return ms;
}
function resolveTime(input, now) {
  const time = typeof input === 'number' ? input : momentOf(input.trim(), now);
  if (Number.isFinite(time) && Math.abs(time) <= MAX_TIME) return time;
  throw new QuantumFluxError(
    'invalid_input',
    `"${input}" is not a time; write ms since the epoch, ISO 8601 (2026-11-22T10:00:00Z), now, or -15m.`,
  );
}
function momentOf(text, now) {
  if (text === 'now') return now;
  if (text.startsWith('-') && /[a-z]$/.test(text)) return now - parseDuration(text.slice(1));
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const [, date, clock = 'T00:00', offset = 'Z'] = isoTime.exec(text) ?? [];
  return date === void 0
    ? Number.NaN
    : Date.parse(`${date}${clock.toUpperCase().replace(' ', 'T')}${offset.toUpperCase()}`);
}

// sdk/src/protocol/write-block.ts
var MAX_SPREAD = 2 ** 51;
var MAX_TIME2 = 2 ** 52;
var MAX_DECIMAL = 2 ** 51;
var body = new ByteWriter(64 * 1024);
function writeBlock(out, stream, { times, values }, start = 0, end = times.length) {
  const count = end - start;
  const timeScale = timeScaleOf(times, start, end);
  const exponent = exponentOf(values, start, end);
  const timeMode = timeScale === 1 ? timeModes.ms : timeScale === 1e3 ? timeModes.us : timeModes.raw;
  const valueMode = exponent >= 0 ? valueModes.decimal : count > 1 ? valueModes.xor : valueModes.raw;
  body.length = 0;
  body.reserve(18 * count + 64);
  body.u8(timeMode + 16 * valueMode);
  body.varint(count);
  if (timeMode === timeModes.raw) writeRaw(times, start, end);
  else writeTimes(times, start, end, timeScale);
  if (valueMode === valueModes.decimal) writeDecimals(values, start, end, exponent);
  else if (valueMode === valueModes.xor) writeXor(body, values, start, end);
  else writeRaw(values, start, end);
  out.varint(stream);
  out.varint(body.length);
  out.append(body);
}
function timeScaleOf(times, start, end) {
  let scale = 1;
  let [least, most] = [Infinity, -Infinity];
  for (let i = start; i < end; i++) {
    const time = times[i];
    if (scale === 1 && Math.round(time) !== time) scale = 1e3;
    if (scale === 1e3 && Math.round(time * 1e3) / 1e3 !== time) return 0;
    if (time === 0 && isNegativeZero(time)) return 0;
    if (time < least) least = time;
    if (time > most) most = time;
  }
  const isExact = Math.max(-least, most) * scale <= MAX_TIME2 && (most - least) * scale <= MAX_SPREAD;
  return isExact ? scale : 0;
}
function exponentOf(values, start, end) {
  let exponent = 0;
  let power = powersOfTen[0];
  let largest = 0;
  for (let i = start; i < end; i++) {
    const value = values[i];
    while (Math.round(value * power) / power !== value) {
      const next = powersOfTen[++exponent];
      if (next === void 0) return -1;
      power = next;
    }
    if (value === 0 && isNegativeZero(value)) return -1;
    const size = Math.abs(value);
    if (size > largest) largest = size;
  }
  return largest * power <= MAX_DECIMAL ? exponent : -1;
}
function isNegativeZero(zero) {
  return 1 / zero < 0;
}
function writeRaw(column, start, end) {
  for (let i = start; i < end; i++) body.f64(column[i]);
}
function writeTimes(times, start, end, scale) {
  let previous = Math.round(times[start] * scale);
  let step = 0;
  let zeros = 0;
  body.zigzag(previous);
  for (let i = start + 1; i < end; i++) {
    const time = Math.round(times[i] * scale);
    const change = time - previous - step;
    step = time - previous;
    previous = time;
    if (change === 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) endRun(zeros);
    zeros = 0;
    body.zigzag(change);
  }
  if (zeros > 0) endRun(zeros);
}
function endRun(zeros) {
  body.u8(0);
  body.varint(zeros);
}
function writeDecimals(values, start, end, exponent) {
  const power = powersOfTen[exponent];
  let previous = 0;
  body.u8(exponent);
  for (let i = start; i < end; i++) {
    const scaled = Math.round(values[i] * power);
    body.zigzag(scaled - previous);
    previous = scaled;
  }
}

// sdk/src/testing/memory-journal.ts
var MemoryJournal = class {
  #epoch = 1;
  #streams = /* @__PURE__ */ new Map();
  #partitions = emptyPartitions();
  #heads = new Array(PARTITIONS).fill(0);
  /** Entries up to these offsets cannot be replayed any more. */
  #forgotten = new Array(PARTITIONS).fill(0);
  get epoch() {
    return this.#epoch;
  }
  get streams() {
    return [...this.#streams.values()];
  }
  get position() {
    return { epoch: this.#epoch, offsets: this.#heads.map((head, partition) => [partition, head]) };
  }
  append({ stream: name, tags = {}, unit, kind = 'gauge', points }) {
    const key = streamKey({ stream: name, tags });
    const known = this.#streams.get(key);
    const stream = known ?? { id: this.#streams.size + 1, stream: name, tags, unit: unit ?? null, kind };
    this.#streams.set(key, stream);
    const partition = stream.id % PARTITIONS;
    const entry = { offset: ++this.#heads[partition], stream, points };
    this.#partitions[partition].push(entry);
    return { stream, isNew: !known, partition, entry: coded(entry) };
  }
  /** All points of some streams that are not before `from`, in ms. */
  history(ids, from) {
    const out = new ByteWriter();
    for (const { stream, points } of this.#partitions.flat()) {
      if (ids.includes(stream.id))
        writePoints(
          out,
          stream,
          points.filter(([time]) => time >= from),
        );
    }
    return out.toBytes();
  }
  /** Everything of some streams since a position, or why that cannot be told. */
  since({ epoch, offsets }, ids) {
    if (epoch !== this.#epoch) return 'epoch';
    const from = new Map(offsets);
    const ranges = this.#partitions.map((entries, partition) => {
      const after = from.get(partition) ?? 0;
      const missed = entries.filter(({ offset, stream }) => offset > after && ids.includes(stream.id));
      return { partition, after, last: this.#heads[partition], entries: missed.map(coded) };
    });
    if (ranges.some(({ after, last }) => after > last)) return 'rewound';
    if (ranges.some(({ after, partition }) => after < this.#forgotten[partition])) return 'too_far';
    return ranges;
  }
  /** Keeps history, but cannot replay it any more. */
  forget() {
    this.#forgotten = [...this.#heads];
  }
  /** Another journal takes its place, as after the restore of a backup. It has the same streams and no points. */
  restore() {
    this.#epoch++;
    this.#partitions = emptyPartitions();
    this.#heads = this.#heads.map(() => 0);
    this.#forgotten = this.#heads.map(() => 0);
  }
};
function emptyPartitions() {
  return Array.from({ length: PARTITIONS }, () => []);
}
function coded({ offset, stream, points }) {
  const out = new ByteWriter();
  writePoints(out, stream, points);
  return { offset, blocks: out.toBytes() };
}
function writePoints(out, { id }, points) {
  if (points.length === 0) return;
  writeBlock(out, id, {
    times: Float64Array.from(points, ([time]) => time),
    values: Float64Array.from(points, ([, value]) => value),
  });
}

// sdk/src/testing/subscriptions.ts
var Subscriptions = class {
  #channels = /* @__PURE__ */ new Map();
  #all = [];
  get size() {
    return this.#all.length;
  }
  get channels() {
    return this.#channels.values();
  }
  /** The channel of a selector, however it was written. A new one has sent nothing after `position`. */
  channelOf(text, { offsets }) {
    const selector = parseSelector(text);
    const key = formatSelector(selector);
    const known = this.#channels.get(key);
    if (known) return known;
    const channel = this.#channels.size + 1;
    const made = { channel, room: `channel ${channel}`, matches: matcherOf(selector), sent: new Map(offsets) };
    this.#channels.set(key, made);
    return made;
  }
  join(socket, channel) {
    this.#all.push({ socket, channel });
    void socket.join(channel.room);
  }
  /** Ends one subscription, and says whether there was one. The room is left with the last. */
  leave(socket, number) {
    const inChannel = this.#all.filter((each) => each.socket === socket && each.channel.channel === number);
    const [first, ...others] = inChannel;
    if (!first) return false;
    this.#all = this.#all.filter((each) => each !== first);
    if (others.length === 0) void socket.leave(first.channel.room);
    return true;
  }
  /** A socket is gone, and its subscriptions with it. */
  drop(socket) {
    this.#all = this.#all.filter((each) => each.socket !== socket);
  }
};

// sdk/src/testing/test-server.ts
async function createTestServer(options = {}) {
  const http = createServer();
  const server = new TestServer(http, options);
  await new Promise((resolve) => http.listen(options.port ?? 0, '127.0.0.1', resolve));
  return server;
}
var TestServer = class {
  /** What clients said when they connected, also those that were refused. */
  handshakes = [];
  /** What was asked of `subscribe`, in order. */
  requests = [];
  #http;
  #io;
  #journal = new MemoryJournal();
  #subscriptions = new Subscriptions();
  #heartbeat;
  #framesToLose = 0;
  #held;
  constructor(http, { heartbeatMs = HEARTBEAT_MS, webSocket = true, admit, grant }) {
    this.#http = http;
    this.#io = new Server(http, { serveClient: false, transports: webSocket ? ['polling', 'websocket'] : ['polling'] });
    this.#io.use((socket, next) => {
      const handshake = socket.handshake.auth;
      this.handshakes.push(handshake);
      next(refusalOf(() => admit?.(handshake)));
    });
    this.#io.on('connection', (socket) => {
      socket.on('subscribe', (request, reply) => this.#subscribe(socket, request, reply, grant));
      socket.on('unsubscribe', ({ channel }, reply) => reply(answerOf(() => this.#unsubscribe(socket, channel))));
      socket.on('disconnect', () => this.#subscriptions.drop(socket));
    });
    if (Number.isFinite(heartbeatMs)) this.#heartbeat = setInterval(() => this.beat(), heartbeatMs).unref();
  }
  get url() {
    return `http://127.0.0.1:${this.#http.address().port}`;
  }
  /** How many connections there are. */
  get connections() {
    return this.#io.sockets.sockets.size;
  }
  /** How many subscriptions there are, over all connections. */
  get subscriptions() {
    return this.#subscriptions.size;
  }
  /** Stores points and sends them to all who watch the stream. */
  write(write) {
    const written = this.#journal.append(write);
    for (const channel of this.#subscriptions.channels)
      if (channel.matches(written.stream)) this.#send(channel, written);
  }
  /** Tells all how far the journal is. */
  beat() {
    const { epoch, offsets } = this.#journal.position;
    for (const { channel, room, sent } of this.#subscriptions.channels) {
      const ranges = offsets.map(([partition, head]) => [partition, sent.get(partition) ?? 0, head]);
      for (const [partition, head] of offsets) sent.set(partition, head);
      this.#io.to(room).emit('heads', { channel, epoch, ranges });
    }
  }
  /** The network loses the next frames. */
  loseFrames(count) {
    this.#framesToLose = count;
  }
  /** Answers to subscriptions wait from now on, until the function that is handed back is called. */
  holdReplies() {
    this.#held = [];
    return () => {
      const held = this.#held ?? [];
      this.#held = void 0;
      for (const reply of held) reply();
    };
  }
  /** What was written before can no longer be replayed, only shown as history. */
  forget() {
    this.#journal.forget();
  }
  /** The database was restored: another epoch, the same streams, no points. Heads of it go to all. */
  restore() {
    this.#journal.restore();
    for (const { sent } of this.#subscriptions.channels) sent.clear();
    this.beat();
  }
  /** Nobody may see a stream any more, until the next subscription. */
  hide(key) {
    const ids = this.#journal.streams.filter((stream) => streamKey(stream) === key).map(({ id }) => id);
    for (const { channel, room } of this.#subscriptions.channels)
      this.#io.to(room).emit('gone', { channel, streams: ids });
  }
  /** Sends everybody away. */
  goodbye(reason, { retryMs = 0 } = {}) {
    this.#io.emit('goodbye', { reason, retryMs });
    this.#io.disconnectSockets(true);
  }
  /** Cuts all connections without a word. */
  cut() {
    for (const socket of this.#io.sockets.sockets.values()) socket.conn.close(true);
  }
  async close() {
    clearInterval(this.#heartbeat);
    await this.#io.close();
  }
  #subscribe(socket, request, reply, grant) {
    this.requests.push(request);
    const answer = answerOf(() => {
      grant?.(request);
      return this.#answer(socket, request);
    });
    if (this.#held) this.#held.push(() => reply(answer));
    else reply(answer);
  }
  #answer(socket, { selector, from = '-15m', wait, resume }) {
    const channel = this.#subscriptions.channelOf(selector, this.#journal.position);
    const streams = this.#journal.streams.filter(channel.matches);
    if (streams.length === 0 && !wait) throw new QuantumFluxError('not_found', `No stream matches ${selector}.`);
    this.#subscriptions.join(socket, channel);
    const now = Date.now();
    const ids = streams.map(({ id }) => id);
    const head = { channel: channel.channel, now, streams, position: this.#journal.position };
    const missed = resume && this.#journal.since(resume, ids);
    if (typeof missed === 'object') {
      const frame = encodeFrame({ channel: channel.channel, epoch: this.#journal.epoch, ranges: missed });
      return { is: 'resumed', ...head, frame };
    }
    const blocks = this.#journal.history(ids, resolveTime(from, now));
    return { is: 'history', ...head, ...(missed === void 0 ? {} : { resync: missed }), intervalMs: null, blocks };
  }
  #unsubscribe(socket, channel) {
    if (this.#subscriptions.leave(socket, channel)) return null;
    throw new QuantumFluxError('not_found', `This connection has no channel ${channel}.`, { path: 'channel' });
  }
  #send({ channel, room, sent }, { stream, isNew, partition, entry }) {
    const to = this.#io.to(room);
    if (isNew) to.emit('streams', { channel, streams: [stream] });
    const after = sent.get(partition) ?? 0;
    sent.set(partition, entry.offset);
    if (this.#framesToLose > 0) {
      this.#framesToLose--;
      return;
    }
    const range = { partition, after, last: entry.offset, entries: [entry] };
    to.emit('frame', encodeFrame({ channel, epoch: this.#journal.epoch, ranges: [range] }));
  }
};
function answerOf(ask) {
  try {
    return { ok: true, value: ask() };
  } catch (cause) {
    return { ok: false, error: toError(cause).toBody() };
  }
}
function refusalOf(check) {
  const answer = answerOf(check);
  return answer.ok ? void 0 : Object.assign(new Error(answer.error.message), { data: answer.error });
}
function toError(cause) {
  return cause instanceof QuantumFluxError ? cause : new QuantumFluxError('internal', String(cause), { cause });
}
export { createTestServer };
