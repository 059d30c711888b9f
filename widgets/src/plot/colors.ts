const known = new Map<string, number>();
let canvas: CanvasRenderingContext2D | undefined;

/** A CSS colour as one number, the way an ImageData has it; whatever notation the browser knows. */
export function packedColor(color: string): number {
  let packed = known.get(color);
  if (packed === undefined) {
    canvas ??= document.createElement('canvas').getContext('2d', { willReadFrequently: true })!;
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    packed = new Uint32Array(canvas.getImageData(0, 0, 1, 1).data.buffer)[0]!;
    known.set(color, packed);
  }
  return packed;
}
