import { QuantumFluxError, type Reply } from '../protocol/index.ts';

/** What is answered to a question: its value, or why not. */
export function replyTo<Value>(answer: () => Value): Reply<Value> {
  try {
    return { ok: true, value: answer() };
  } catch (cause) {
    return { ok: false, error: toError(cause).toBody() };
  }
}

export function toError(cause: unknown): QuantumFluxError {
  return cause instanceof QuantumFluxError ? cause : new QuantumFluxError('internal', String(cause), { cause });
}
