import { QuantumFluxError } from '@quantumflux/sdk/protocol';

type Flight<T> = { result: Promise<T>; controller: AbortController; waiting: number };

/** Work that those who want the same share while it is under way. It ends early when all of them have left. */
export function createFlights<T>() {
  const flights = new Map<string, Flight<T>>();
  const running = new Set<Flight<T>>();
  let isOpen = true;

  function begin(key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const flight: Flight<T> = { result: work(controller.signal), controller, waiting: 0 };
    flights.set(key, flight);
    running.add(flight);
    flight.result = flight.result.finally(() => {
      running.delete(flight);
      forget(key, flight);
    });
    return flight;
  }

  function forget(key: string, flight: Flight<T>): void {
    if (flights.get(key) === flight) flights.delete(key);
  }

  return {
    isUnderWay: (key: string): boolean => flights.has(key),

    /** The result of the work, begun now or joined. Rejects with the signal's reason when that fires. */
    join(
      key: string,
      work: (signal: AbortSignal) => Promise<T>,
      signal: AbortSignal,
    ): Promise<{ value: T; isJoined: boolean }> {
      if (!isOpen) return Promise.reject(stopping());
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const joined = flights.get(key);
      const flight = joined ?? begin(key, work);
      flight.waiting++;
      return new Promise((resolve, reject) => {
        const leave = () => {
          reject(signal.reason as Error);
          if (--flight.waiting > 0) return;
          // Nobody may join what is being ended.
          forget(key, flight);
          flight.controller.abort(signal.reason);
        };
        signal.addEventListener('abort', leave, { once: true });
        flight.result
          .then((value) => resolve({ value, isJoined: joined !== undefined }), reject)
          .finally(() => signal.removeEventListener('abort', leave));
      });
    },

    /** Begins nothing any more, lets what is under way go on for so long, in ms, and ends the rest. */
    async stop(graceMs: number): Promise<void> {
      isOpen = false;
      const timer = setTimeout(() => {
        for (const { controller } of running) controller.abort(stopping());
      }, graceMs);
      while (running.size > 0) await Promise.allSettled([...running].map(({ result }) => result));
      clearTimeout(timer);
    },
  };
}

function stopping(): QuantumFluxError {
  return new QuantumFluxError('unavailable', 'The server is stopping. Ask again in a moment.');
}
