// What one would write first: Express, and one INSERT for each request. For what a group commit is worth.
import express from 'express';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });
const app = express();
app.use(express.json());
app.post('/api/v1/points', async (req, res) => {
  const [{ stream, points }] = req.body.streams;
  const [time, value] = points[0];
  await pool.query({
    name: 'insert',
    text: 'INSERT INTO points VALUES ($1, $2, $3) ON CONFLICT (stream, time) DO UPDATE SET value = EXCLUDED.value',
    values: [Number(stream.slice('bench.s'.length)), new Date(time), value],
  });
  res.status(204).end();
});
const server = app.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
