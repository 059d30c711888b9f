/** Longest sleep at a time, in ms: a clock that was set, or a machine that slept, is noticed by then. */
const MAX_SLEEP_MS = 30_000;

/** Calls back at `time`, in ms since the epoch, however far away it is; at the next turn of the loop when it is over. */
export function setAlarm(time: number, ring: () => void): () => void {
  let timer = sleep();

  function sleep(): NodeJS.Timeout {
    // A timer of Node holds 2^31 ms at most, and beyond that does not wait at all.
    return setTimeout(wake, Math.min(MAX_SLEEP_MS, Math.max(0, time - Date.now())));
  }

  function wake(): void {
    if (Date.now() >= time) ring();
    else timer = sleep();
  }

  return () => clearTimeout(timer);
}
