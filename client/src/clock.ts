/** What tells the time. Tests pass one that does not wait. */
export interface Clock {
  /** Returns milliseconds. Only differences are used: a phone's clock may be wrong, as long as nobody sets it meanwhile. */
  now(): number;
  /** Calls `run` in so many milliseconds; the result cancels that. */
  after(milliseconds: number, run: () => void): () => void;
}

declare function setTimeout(run: () => void, milliseconds: number): unknown;
declare function clearTimeout(timer: unknown): void;

/** The clock of the platform. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves in so many milliseconds. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve);
  });
}

/** For what may fail without a consequence. */
export const ignore = (): void => {};
