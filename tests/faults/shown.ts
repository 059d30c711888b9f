/** What is wrong with what one viewer was shown; each a sentence that begins with who and what. */
export type ShownVerdict = {
  /** Acknowledged, and not in the picture at the end, without a word about it. */
  lost: string[];
  /** Came more than once into the same picture. */
  twice: string[];
  /** Came after a later one of its stream. */
  reordered: string[];
  /** A later one was seen while it was missing, and nobody was told before; also when it came after all. */
  untoldGaps: string[];
};

export const allIsShown: ShownVerdict = { lost: [], twice: [], reordered: [], untoldGaps: [] };

/** What happened to a picture of one stream between two updates, in order: it was emptied, or these numbers came. */
export type Change = 'cleared' | ArrayLike<number>;

/** What a watcher was told in an update besides points. `thinned`: history does not have every point. */
export type Told = { resync: boolean; skipped: number; thinned: boolean };

/** The page of one viewer in the ledger: the numbers 0, 1, 2 … of each stream as they came, judged at every update. */
export function createShown(viewer: string) {
  const verdict: ShownVerdict = { lost: [], twice: [], reordered: [], untoldGaps: [] };
  const pictures = new Map<string, Picture>();
  /** Left out, and told. */
  const excused = new Set<string>();
  /** Points that were told to be left out and are not found missing yet. */
  let announced = 0;

  const nameOf = (stream: string, number: number) => `${viewer}: ${stream} ${number}`;

  function pictureOf(stream: string): Picture {
    const picture = pictures.get(stream) ?? { seen: new Numbers(), last: -1 };
    pictures.set(stream, picture);
    return picture;
  }

  /** Takes numbers as they came; those that were passed over. */
  function take(stream: string, numbers: ArrayLike<number>): number[] {
    const picture = pictureOf(stream);
    const missing: number[] = [];
    for (let i = 0; i < numbers.length; i++) {
      const number = numbers[i]!;
      if (picture.seen.has(number)) verdict.twice.push(nameOf(stream, number));
      else if (number < picture.last) verdict.reordered.push(nameOf(stream, number));
      for (let passed = picture.last + 1; passed < number; passed++) missing.push(passed);
      picture.seen.add(number);
      picture.last = Math.max(picture.last, number);
    }
    return missing;
  }

  function clear(stream: string, { resync }: Told): void {
    const { last } = pictureOf(stream);
    pictures.delete(stream);
    if (last >= 0 && !resync) verdict.untoldGaps.push(`${viewer}: ${stream} was replaced after ${last}`);
  }

  return {
    verdict,
    /** Points that were told to be left out, and were not. */
    get announced(): number {
      return announced;
    },
    /** One update as the watcher got it. What it brought together was seen together: nobody saw a gap in between. */
    update(changes: ReadonlyMap<string, readonly Change[]>, told: Told): void {
      announced += told.skipped;
      for (const [stream, each] of changes) {
        let missing: number[] = [];
        for (const change of each) {
          if (change === 'cleared') {
            clear(stream, told);
            missing = [];
          } else missing = missing.concat(take(stream, change));
        }
        const { seen } = pictureOf(stream);
        for (const number of missing) {
          if (seen.has(number)) continue;
          const isThinned = told.thinned && told.resync;
          if (!isThinned && announced === 0) verdict.untoldGaps.push(nameOf(stream, number));
          else excused.add(nameOf(stream, number));
          if (!isThinned && announced > 0) announced -= 1;
        }
      }
    },
    /** Those of these numbers that are not in the picture, and should be. */
    missing(stream: string, numbers: readonly number[], picture: ArrayLike<number>): string[] {
      const shown = new Numbers();
      for (let i = 0; i < picture.length; i++) shown.add(picture[i]!);
      return numbers
        .filter((number) => !shown.has(number))
        .map((number) => nameOf(stream, number))
        .filter((name) => !excused.has(name));
    },
  };
}

type Picture = { seen: Numbers; last: number };

/** A set of whole numbers that counts on from 0: a byte each, because there may be a million of them. */
class Numbers {
  #has = new Uint8Array(1_024);

  has(number: number): boolean {
    return this.#has[number] === 1;
  }

  add(number: number): void {
    if (number >= this.#has.length) {
      const longer = new Uint8Array(2 * number);
      longer.set(this.#has);
      this.#has = longer;
    }
    this.#has[number] = 1;
  }
}
