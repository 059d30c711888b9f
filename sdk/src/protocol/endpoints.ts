/** Where each operation of the HTTP API is. */
export const endpoints = {
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
} as const;

export type EndpointName = keyof typeof endpoints;
