/** Times count from here. In ms they have 13 digits, which is what the texts have room for. */
const START = Date.now();

/** Points of the same streams in each format; `next` moves all their times on, in place, for next to nothing. */
export const bodies = {
  JSON: ({ streams, perStream }) => {
    const text = createText();
    text.add('{"streams":[');
    for (const [stream, name] of streams.entries()) {
      text.add(`${stream ? ',' : ''}{"stream":"${name}","points":[`);
      for (let i = 0; i < perStream; i++) {
        text.add(i ? ',[' : '[');
        text.addTime(i);
        text.add(`,${valueOf(stream, i)}]`);
      }
      text.add(']}');
    }
    text.add(']}');
    return { path: '/api/v1/points', type: 'application/json', ...text.finish(perStream) };
  },

  // In the order of an agent: every series once per interval.
  'line protocol': ({ streams, perStream }) => {
    const text = createText();
    for (let i = 0; i < perStream; i++) {
      for (const [stream, name] of streams.entries()) {
        text.add(`${name} value=${valueOf(stream, i)} `);
        text.addTime(i);
        text.add('\n');
      }
    }
    return { path: '/api/v2/write?precision=ms', type: 'text/plain', ...text.finish(perStream) };
  },

  'binary columns': ({ streams, perStream }) => {
    const header = Buffer.from(JSON.stringify({ streams: streams.map((stream) => ({ stream, count: perStream })) }));
    const body = Buffer.alloc(4 + header.length + streams.length * perStream * 16);
    body.writeUInt32LE(header.length);
    header.copy(body, 4);
    const at = (stream, i) => 4 + header.length + stream * perStream * 16 + i * 8;
    for (const stream of streams.keys()) {
      for (let i = 0; i < perStream; i++) body.writeDoubleLE(Number(valueOf(stream, i)), at(stream, perStream + i));
    }
    let time = START;
    return {
      path: '/api/v1/points',
      type: 'application/vnd.quantumflux.columns',
      body,
      next() {
        time += perStream * 100;
        for (const stream of streams.keys()) {
          for (let i = 0; i < perStream; i++) body.writeDoubleLE(time + i * 100, at(stream, i));
        }
      },
    };
  },
};

/** Names of streams that one sender writes. */
export const namesOf = (count, first = 0) => Array.from({ length: count }, (_, i) => `bench.s${first + i}`);

/** Two decimals, as a sensor has them. */
const valueOf = (stream, i) => (20 + ((stream * 7_919 + i * 104_729) % 10_000) / 100).toFixed(2);

/** A text with places for times. */
function createText() {
  let text = '';
  const places = [];
  return {
    add: (part) => (text += part),
    addTime(i) {
      places.push({ at: text.length, i });
      text += '0'.repeat(13);
    },
    finish(perStream) {
      const body = Buffer.from(text);
      let time = START;
      return {
        body,
        next() {
          time += perStream * 100;
          const digits = Array.from({ length: perStream }, (_, i) => Buffer.from(String(time + i * 100)));
          for (const { at, i } of places) digits[i].copy(body, at);
        },
      };
    },
  };
}
