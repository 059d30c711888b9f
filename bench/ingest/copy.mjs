/** 2000-01-01, from which PostgreSQL counts microseconds. */
const EPOCH = Date.UTC(2000, 0, 1);
const HEAD = Buffer.from('5047434f50590aff0d0a000000000000000000', 'hex');

/** Rows of (int4, timestamptz, float8) in COPY's binary format: https://www.postgresql.org/docs/current/sql-copy.html */
export function copyBuffer(rows) {
  const buffer = Buffer.allocUnsafe(HEAD.length + 34 * rows.length + 2);
  let at = HEAD.copy(buffer, 0);
  for (const [stream, time, value] of rows) {
    at = buffer.writeInt16BE(3, at);
    at = buffer.writeInt32BE(stream, buffer.writeInt32BE(4, at));
    at = buffer.writeBigInt64BE(BigInt(time - EPOCH) * 1_000n, buffer.writeInt32BE(8, at));
    at = buffer.writeDoubleBE(value, buffer.writeInt32BE(8, at));
  }
  buffer.writeInt16BE(-1, at);
  return buffer;
}

/** Runs one COPY FROM STDIN on a client of pg, with all of its data in one piece. */
export function copy(client, sql, buffer) {
  return new Promise((resolve, reject) => {
    client.query({
      submit: (connection) => void connection.query(sql),
      handleCopyInResponse(connection) {
        connection.sendCopyFromChunk(buffer);
        connection.endCopyFrom();
      },
      handleCommandComplete() {},
      handleReadyForQuery: resolve,
      handleError: reject,
    });
  });
}
