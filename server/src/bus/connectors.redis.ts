import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, SentinelConnector, type RedisOptions, type SentinelConnectionOptions } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';

// ioredis listens for one failure of a connection. One with TLS that is closed while it is being made fails twice, and a
// failure that nobody hears ends the process. So these listen for all of them.

type ConnectorOptions = SentinelConnectionOptions & { host?: string; port?: number };

/** Connects to one of these servers, to another one each time; or to the one that ioredis chose, when none are given. */
export function anyOf(nodes: RedisAddress['nodes'] = []): NonNullable<RedisOptions['Connector']> {
  return class AnyOf extends AbstractConnector {
    readonly #options: ConnectorOptions;
    #tries = 0;

    // ioredis hands over the options of the connection, and does not say so in its types.
    constructor(options: unknown) {
      super((options as ConnectorOptions).disconnectTimeout ?? 2_000);
      this.#options = options as ConnectorOptions;
    }

    connect(): Promise<Socket> {
      const { host = 'localhost', port = 6_379, tls } = this.#options;
      const node = nodes[this.#tries++ % nodes.length] ?? { host, port };
      this.connecting = true;
      const stream = tls ? connectTls({ ...node, ...tls }) : connect(node);
      stream.on('error', (error: Error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return Promise.resolve(stream);
    }
  };
}

/** Connects to the master that sentinels name. */
export class ToMaster extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions);
  }

  override async connect(emit: Parameters<SentinelConnector['connect']>[0]): Promise<Socket> {
    const stream = await super.connect(emit);
    stream.on('error', () => {});
    return stream;
  }
}
