/** Something that draws when its turn comes. */
export type Drawable = { draw(): void };

// One loop for all charts of the page: however often they ask, each draws once per frame, and none when none asks.
const waiting = new Set<Drawable>();
let frame: number | undefined;

export function requestDraw(drawable: Drawable): void {
  waiting.add(drawable);
  frame ??= requestAnimationFrame(drawAll);
}

export function cancelDraw(drawable: Drawable): void {
  waiting.delete(drawable);
  if (waiting.size > 0 || frame === undefined) return;
  cancelAnimationFrame(frame);
  frame = undefined;
}

function drawAll(): void {
  frame = undefined;
  // Who asks again while drawing is for the next frame.
  const turn = [...waiting];
  waiting.clear();
  for (const drawable of turn) drawable.draw();
}
