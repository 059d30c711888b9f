import type { Bus, Stop } from '../bus/bus.ts';
import type { Log } from '../log.ts';
import { dismiss } from './goodbye.ts';
import { seesLess, type AskRights, type Rights } from './rights.ts';
import type { LiveSocket, Part } from './socket.ts';

const defaults = {
  /** How long after one look at the rights of all who are connected the next one begins, in ms. */
  sweepMs: 2_000,
};

/**
 * Ends the connections of those who lost the right to be here (A6): at once when the bus tells of it, and with the next
 * sweep when it does not, because a hint was lost, Redis is away, or somebody changed the database.
 */
export async function startRevocation(
  { bus, log, rights }: { bus: Pick<Bus, 'subscribe'>; log: Log; rights: AskRights },
  options: Partial<typeof defaults> = {},
): Promise<Part & { stop: Stop }> {
  const { sweepMs } = { ...defaults, ...options };
  const bySubject = new Map<string, Set<LiveSocket>>();
  let isStopped = false;
  let isFailing = false;

  function judge(subject: string, now: Rights | undefined): void {
    for (const socket of bySubject.get(subject) ?? []) {
      const { caller } = socket.data;
      if (seesLess(caller, now)) dismiss(socket, 'revoked', { retryMs: 0 });
      else socket.data.caller = { ...caller, ...now };
    }
  }

  async function sweep(): Promise<void> {
    try {
      const subjects = [...bySubject.keys()];
      const now = subjects.length > 0 ? await rights(subjects) : new Map<string, Rights>();
      if (isStopped) return;
      for (const subject of subjects) judge(subject, now.get(subject));
      isFailing = false;
    } catch (cause) {
      // Nothing can be written without the database either; the next look is soon.
      if (!isFailing)
        log.warn('the rights of those who are connected could not be looked at; it is tried again', cause);
      isFailing = true;
    }
  }

  function sweepAgain(): NodeJS.Timeout {
    return setTimeout(() => {
      void sweep().then(() => {
        if (!isStopped) timer = sweepAgain();
      });
    }, sweepMs);
  }

  let timer = sweepAgain();
  const stopHearing = await bus.subscribe('keys', ({ id }) => judge(`key:${id}`, undefined));

  return {
    attend(socket) {
      const { subject } = socket.data.caller;
      const sockets = bySubject.get(subject) ?? new Set();
      bySubject.set(subject, sockets.add(socket));
      return () => {
        sockets.delete(socket);
        if (sockets.size === 0 && bySubject.get(subject) === sockets) bySubject.delete(subject);
      };
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await stopHearing();
    },
  };
}
