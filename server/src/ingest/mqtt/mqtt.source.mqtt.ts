import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type IPublishPacket, type MqttClient } from 'mqtt';
import { createIntake, type SourcePorts } from '../intake.ts';
import { readMqttPayload } from './mqtt-payload.ts';
import { parseTopicMap, placeOf } from './topic-map.ts';

export type MqttSourceOptions = {
  /** `mqtt:`, `mqtts:`, `ws:` or `wss:`, perhaps with user and password. */
  url: string;
  /** Filters of topics, with `+` and `#`. */
  topics: readonly string[];
  /** See topic-map.ts. */
  map?: string | undefined;
  /** By which the broker knows us again, and keeps what was published meanwhile. */
  clientId: string;
  reconnectMs?: number;
};

/** Messages and bytes that wait to be stored; beyond that, nothing more is read from the broker. */
const MAX_WAITING = 1_000;
const MAX_WAITING_BYTES = 8 * 1_024 * 1_024;

/** How long a farewell to the broker may take, in ms. */
const FAREWELL_MS = 1_000;

/** Tells the client not to acknowledge a message by itself. */
const LATER = new Error('acknowledged once it is stored');

/** A message that is not stored yet. `connection` is the one on which it came last. */
type Waiting = { topic: string; payload: Buffer; connection: number };

/**
 * Subscribes to a broker and stores what is published there. A message of QoS 1 is acknowledged once its points are on
 * disk; the broker sends it again until it is.
 */
export function startMqttSource(ports: SourcePorts, options: MqttSourceOptions) {
  const { log } = ports;
  const intake = createIntake('MQTT', ports);
  const rules = parseTopicMap(options.map ?? '');
  const waiting = new Map<number, Waiting>();
  let connection = 0;
  let isOpen = true;
  let isUp = false;
  let isTold = false;
  let count = 0;
  let bytes = 0;
  let readOn: (() => void) | undefined;

  const { href, username, password } = withoutCredentials(options.url);
  const client = connect(href, {
    clientId: options.clientId,
    clean: false,
    protocolVersion: 4,
    resubscribe: false,
    keepalive: 30,
    connectTimeout: 5_000,
    reconnectPeriod: options.reconnectMs ?? 1_000,
    ...(username === '' ? {} : { username, password }),
  });

  async function subscribe(): Promise<void> {
    try {
      const granted = await client.subscribeAsync([...options.topics], { qos: 1 });
      const refused = granted.filter(({ qos }) => qos > 2).map(({ topic }) => topic);
      if (refused.length > 0) throw new Error(`the broker does not let us subscribe to ${refused.join(', ')}`);
      isUp = true;
      if (isTold) log.info('the MQTT broker is heard again');
      isTold = false;
    } catch (cause) {
      lost(cause);
    }
  }

  function lost(cause?: unknown): void {
    isUp = false;
    if (isTold || !isOpen) return;
    isTold = true;
    log.warn('the MQTT broker cannot be heard; trying again', cause);
  }

  const hasRoom = () => count < MAX_WAITING && bytes < MAX_WAITING_BYTES;

  /** Before the next one is read. `goOn` reads it. */
  function receive(packet: IPublishPacket, goOn: (error?: Error) => void): void {
    const { qos, messageId } = packet;
    // Said before to others, and of nobody knows when: the next one is new.
    if (packet.retain) return goOn();
    if (!isOpen) return goOn(LATER);
    if (qos === 0 || messageId === undefined) void store(packet);
    else if (!isKnown(packet, messageId)) void storeAndAcknowledge(packet, messageId);
    const next = () => goOn(qos === 0 ? undefined : LATER);
    if (hasRoom()) next();
    else readOn = next;
  }

  /**
   * After a reconnect the broker sends again what it has no acknowledgement of, also what still waits here. Not every
   * broker marks it as such.
   */
  function isKnown({ topic, payload }: IPublishPacket, messageId: number): boolean {
    const known = waiting.get(messageId);
    if (!known || known.connection === connection) return false;
    if (known.topic !== topic || !known.payload.equals(bytesOf(payload))) return false;
    known.connection = connection;
    return true;
  }

  async function storeAndAcknowledge(packet: IPublishPacket, messageId: number): Promise<void> {
    const message: Waiting = { topic: packet.topic, payload: bytesOf(packet.payload), connection };
    waiting.set(messageId, message);
    const isDone = await store(packet);
    if (waiting.get(messageId) === message) waiting.delete(messageId);
    // On another connection the same number may be another message.
    if (isDone && message.connection === connection) acknowledge(client, messageId);
  }

  async function store({ topic, payload }: IPublishPacket): Promise<boolean> {
    const body = bytesOf(payload);
    const now = Date.now();
    count += 1;
    bytes += body.length;
    const verdict = await intake.take({
      at: topic,
      read: () => readMqttPayload(body, placeOf(topic, rules), { now }),
    });
    count -= 1;
    bytes -= body.length;
    if (readOn && hasRoom()) {
      const next = readOn;
      readOn = undefined;
      next();
    }
    return verdict.is !== 'pending';
  }

  client.handleMessage = receive;
  client.on('connect', () => {
    connection += 1;
    void subscribe();
  });
  client.on('close', () => {
    connection += 1;
    // Of the connection that is gone.
    readOn = undefined;
    lost();
  });
  client.on('error', lost);

  return {
    isUp: () => isUp && client.connected,
    async stop(): Promise<void> {
      isOpen = false;
      await intake.stop();
      await Promise.race([client.endAsync(), sleep(FAREWELL_MS)]);
      // Whatever has become of the farewell: nothing of it holds up the end.
      client.stream.destroy();
    },
  };
}

/**
 * The client itself acknowledges only what it reads, one after the other, so that every message would be a commit. How it
 * sends is no part of its types; the tests with a broker notice when that changes.
 */
function acknowledge(client: MqttClient, messageId: number): void {
  const sender = client as unknown as { _sendPacket(packet: { cmd: 'puback'; messageId: number }): void };
  if (client.connected) sender._sendPacket({ cmd: 'puback', messageId });
}

function bytesOf(payload: string | Buffer): Buffer {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}

function withoutCredentials(url: string): { href: string; username: string; password: string } {
  const parsed = new URL(url);
  const [username, password] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
  parsed.username = '';
  parsed.password = '';
  return { href: parsed.href, username, password };
}
