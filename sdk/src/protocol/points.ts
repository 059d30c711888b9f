/** Time in ms since the epoch (sub-millisecond is kept), then the value. Both finite. */
export type Point = readonly [time: number, value: number];

/** `gauge`: a value that goes up and down. `counter`: a total that only grows, until it starts again at zero. */
export type StreamKind = 'gauge' | 'counter';

export type Tags = Readonly<Record<string, string>>;

/** What is known of a stream besides its points. `id` is how blocks of points name it on the wire. */
export type StreamMeta = {
  id: number;
  stream: string;
  tags: Tags;
  unit: string | null;
  kind: StreamKind;
};

/** A stream in the answer of `GET /api/v1/streams`. */
export type StreamInfo = StreamMeta & {
  /** Canonical text, unique in the organization: see stream-key.ts. */
  key: string;
  /** Whether publishable keys may see it. */
  public: boolean;
  /** How long points are kept after their time, `30d`; null for ever. */
  retention: string | null;
};

/** Points of one stream, as a program sends them. */
export type StreamWrite = {
  stream: string;
  tags?: Tags;
  unit?: string;
  kind?: StreamKind;
  points: readonly Point[];
};

/** The body of `POST /api/v1/points`: one stream, or many. All of it is stored, or nothing. */
export type WriteRequest = StreamWrite | { streams: readonly StreamWrite[] };

/** A time as a person may say it: ms since the epoch, ISO 8601, `now`, or before now: `-15m`. */
export type TimeInput = number | string;
