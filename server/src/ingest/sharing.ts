/**
 * Asks once for all who want to know the same at the same time. A thousand senders that come back together ask who they
 * are, and for their stream, once and not a thousand times, over the few connections to the database.
 */
export function sharing<Input extends unknown[], Output>(
  ask: (...input: Input) => Promise<Output>,
  sameness: (...input: Input) => string,
): (...input: Input) => Promise<Output> {
  const asked = new Map<string, Promise<Output>>();

  return (...input) => {
    const place = sameness(...input);
    const known = asked.get(place);
    if (known) return known;
    const answer = ask(...input).finally(() => asked.delete(place));
    asked.set(place, answer);
    return answer;
  };
}
