/** The size of a canvas as the page lays it out, in CSS pixels, and how many device pixels one of them has. */
export type Size = { readonly width: number; readonly height: number; readonly ratio: number };

type Changes = { onResize: () => void; onVisible: (isVisible: boolean) => void };

/** A canvas with as many pixels as the screen has under it, which knows whether anybody can see it. */
export class Surface {
  readonly context: CanvasRenderingContext2D;
  readonly #canvas: HTMLCanvasElement;
  readonly #observers: (ResizeObserver | IntersectionObserver)[];
  #size: Size = { width: 0, height: 0, ratio: 1 };

  constructor(canvas: HTMLCanvasElement, { onResize, onVisible }: Changes) {
    this.#canvas = canvas;
    this.context = canvas.getContext('2d')!;
    const resize = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      const exact = entry!.devicePixelContentBoxSize?.[0]?.inlineSize ?? NaN;
      // At fractional zoom only the browser knows how it rounds; in an emulated screen it knows less than we do.
      const pixels = Math.abs(exact - width * devicePixelRatio) < 1 ? exact : width * devicePixelRatio;
      this.#size = { width, height, ratio: width > 0 ? pixels / width : 1 };
      onResize();
    });
    observePixels(resize, canvas);
    // A little ahead, so that scrolling does not come upon empty charts.
    const options = { rootMargin: '25%' };
    const intersection = new IntersectionObserver((entries) => onVisible(entries.at(-1)!.isIntersecting), options);
    intersection.observe(canvas);
    this.#observers = [resize, intersection];
  }

  get width(): number {
    return this.#size.width;
  }

  /** Clears the canvas and measures it anew; undefined while it has no size. */
  begin(): Size | undefined {
    const { width, height, ratio } = this.#size;
    const columns = Math.round(width * ratio);
    const rows = Math.round(height * ratio);
    if (columns === 0 || rows === 0) return undefined;
    const { context } = this;
    if (this.#canvas.width !== columns) this.#canvas.width = columns;
    if (this.#canvas.height !== rows) this.#canvas.height = rows;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, columns, rows);
    context.scale(ratio, ratio);
    return this.#size;
  }

  close(): void {
    for (const observer of this.#observers) observer.disconnect();
  }
}

function observePixels(observer: ResizeObserver, canvas: HTMLCanvasElement): void {
  try {
    observer.observe(canvas, { box: 'device-pixel-content-box' });
  } catch {
    observer.observe(canvas);
  }
}
