/** The answer, or the error that is made when it takes longer than so many ms. Without Promise.race: every write comes here. */
export function within<T>(ms: number, answer: Promise<T>, tooLong: () => Error): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(tooLong()), ms);
    answer.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as it is
        reject(error);
      },
    );
  });
}
