// Writes a point a second with nothing but fetch. Start the server, make a key (README.md, "Write points"), then:
//   QUANTUMFLUX_KEY=qf_sk_… node examples/node-ingest/index.mjs
import { setTimeout as wait } from 'node:timers/promises';

const url = process.env.QUANTUMFLUX_URL ?? 'http://localhost:5000';
const key = process.env.QUANTUMFLUX_KEY;
const count = Number(process.env.COUNT ?? Infinity);
if (!key) throw new Error('Set QUANTUMFLUX_KEY to a secret key (qf_sk_…) or an ingest key (qf_ik_…).');

/** A kettle that warms up, overshoots a little and cools down again. */
const temperature = (seconds) => 60 + 35 * Math.sin(seconds / 40) + 2 * Math.sin(seconds / 3);

for (let i = 0; i < count; i++) {
  const now = Date.now();
  const response = await fetch(`${url}/api/v1/points`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      stream: 'kitchen.kettle',
      tags: { floor: '2' },
      unit: 'celsius',
      points: [[now, Math.round(temperature(now / 1_000) * 100) / 100]],
    }),
  });
  // 204: it is on disk. Everything else carries a sentence.
  if (response.status !== 204) throw new Error((await response.json()).error.message);
  if (i + 1 < count) await wait(1_000);
}
