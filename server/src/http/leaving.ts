import { QuantumFluxError } from '@quantumflux/sdk/protocol';
import type { ServerResponse } from 'node:http';

/** Fires when the caller leaves before the whole answer was sent, so that nobody works for somebody who is gone. */
export function whenLeaving(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const leave = () => {
    if (!res.writableFinished)
      controller.abort(new QuantumFluxError('unavailable', 'The caller left before the answer.'));
  };
  if (res.closed) leave();
  else res.once('close', leave);
  return controller.signal;
}
