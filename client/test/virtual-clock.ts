import type { Clock } from '../src/clock.js';

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  #now = 1_000_000;
  #timers = new Set<{ time: number; run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): () => void {
    // As on platforms, which count in 32 bits.
    const timer = { time: this.#now + (milliseconds < 2 ** 31 ? milliseconds : 1), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves on, and runs what is due on the way, in order. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].sort((one, other) => one.time - other.time);
      if (!next || next.time > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.time);
      next.run();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets everything run that waits for nothing but promises. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round++) await new Promise((resolve) => setImmediate(resolve));
}
