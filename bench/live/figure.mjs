import { round } from './machine.mjs';

/**
 * A row of the table of figures. `ratio` is what was measured to what it is compared with, where the goal is one; `isMet` decides.
 */
export function figure({ measure, goal, measured, beside = '', ratio, isMet }) {
  return { measure, goal, measured, beside, ratio: round(ratio, 3) ?? '', verdict: isMet ? 'met' : 'missed' };
}

/** For what could not be measured, and why. */
export const notMeasured = (measure, why) => ({ measure, goal: '', measured: '', beside: '', ratio: '', verdict: why });
