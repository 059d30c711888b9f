import { QuantumFluxClient, type Transport } from '../client.ts';
import { openLink } from '../link.ts';
import type { ClientOptions } from '../options.ts';
import { PROTOCOL_VERSION, type Handshake } from '../protocol/index.ts';
import { createHttp, type HttpPorts } from './http.ts';
import { openSocket, type SocketPorts } from './socket.ts';

/** What a client in the same process needs of its server. */
export type ClientPorts = SocketPorts & Omit<HttpPorts, 'admit'> & { admit: (handshake: Handshake) => void };

/** The client that the SDK makes, on another transport. It reads the server's clock instead of working it out. */
export class ClientInProcess extends QuantumFluxClient {
  readonly #now: () => number;

  constructor(options: Partial<ClientOptions>, ports: ClientPorts) {
    // There is nobody to be spared by waiting long.
    const defaults = { url: 'http://memory.invalid', reconnect: { minMs: 5, maxMs: 50 } };
    super({ ...defaults, ...options }, transportTo(ports));
    this.#now = ports.now;
  }

  override now(): number {
    return this.#now();
  }
}

function transportTo(ports: ClientPorts): Transport {
  const admit = (bearer: string | undefined) =>
    ports.admit({
      protocol: PROTOCOL_VERSION,
      ...(bearer && { [bearer.startsWith('qf_') ? 'key' : 'token']: bearer }),
    });
  const http = createHttp({ ...ports, admit });
  return {
    openLink: (...link) => openLink(...link, (_origin, _path, events) => openSocket(ports, events)),
    async fetch(input, init) {
      const request = new Request(input, init);
      await new Promise((resolve) => setTimeout(resolve, ports.latencyMs));
      request.signal.throwIfAborted();
      if (ports.isAway()) throw new TypeError('The server cannot be reached.');
      return http(request);
    },
  };
}
