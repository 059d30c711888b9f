/** What health tells of the parts of a server; each is asked when somebody wants to know. */
export type Vitals = {
  version: string;
  database: 'embedded' | 'external';
  /** Whether the database answers. May take its time. */
  askDatabase: () => Promise<boolean>;
  /** What a commit survives: `local`, a loss of power; `none`, nothing that is certain. */
  durability: 'local' | 'none';
  bus: 'memory' | 'redis';
  busUp: () => boolean;
  /** By the name of each source of points that is configured, whether it is connected. */
  sources: () => Record<string, boolean>;
  isStopping: () => boolean;
};

/** Longest wait for the database, in ms. */
const PATIENCE_MS = 1_000;

/** How long its answer counts, in ms: many may ask, it is asked once a second. */
const FRESH_MS = 1_000;

/** Asked once; what was answered counts `until` a moment of performance.now(). */
type Question = { answer: Promise<boolean>; until: number };

/** Whether the database answers, and why the server should get no requests now. */
export function createCheckup({
  askDatabase,
  durability,
  isStopping,
}: Pick<Vitals, 'askDatabase' | 'durability' | 'isStopping'>) {
  let asked: Question | undefined;

  function databaseUp(): Promise<boolean> {
    // A database that is silent is not asked again: every question would take one more connection from the pool.
    if (!asked || performance.now() > asked.until) asked = ask();
    return within(PATIENCE_MS, asked.answer);
  }

  function ask(): Question {
    const answer = askDatabase().catch(() => false);
    const question: Question = { answer, until: Infinity };
    void answer.then(() => (question.until = performance.now() + FRESH_MS));
    return question;
  }

  return {
    databaseUp,

    /** A sentence each; none when all is well. */
    async reasonsNotReady(): Promise<string[]> {
      const isUp = await databaseUp();
      return [
        ...(isStopping() ? ['The server is shutting down.'] : []),
        ...(isUp ? [] : ['The database does not answer.']),
        ...(durability === 'local' ? [] : ['The database does not promise to keep what it commits.']),
      ];
    },
  };
}

/** The answer, or false when it takes longer. */
async function within(ms: number, answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const first = await Promise.race([answer, tooLate]);
  clearTimeout(timer);
  return first;
}
