import { answer, time } from '../answers.js';
import type { VirtualClock } from '../virtual-clock.js';

export type Call = { session?: string; resumptionHandle?: string; end?: string };

/** A function of the contract, whose clock moves with that of the test. */
export class FakeFunction {
  readonly calls: Call[] = [];
  /** Thrown by the next calls that are no `end`. */
  refusals: Error[] = [];
  /** What the calls wait for that are no `end`. */
  answers: Promise<unknown> = Promise.resolve();
  leaseSeconds: number | undefined;
  lastLease = false;
  sessions = 0;
  #start: number;
  #leasedUntil = 0;

  constructor(private readonly clock: VirtualClock) {
    this.#start = clock.now();
  }

  readonly callable = async (data: Call = {}): Promise<{ data: unknown }> => {
    this.calls.push(JSON.parse(JSON.stringify(data)));
    if (data.end) return { data: { ended: data.end } };
    await this.answers;
    const refused = this.refusals.shift();
    if (refused) throw refused;
    const at = Math.floor((this.clock.now() - this.#start) / 1000);
    if (!this.leaseSeconds) return { data: answer(this.calls.length, { at }) };
    const id = data.session ?? `s${++this.sessions}`;
    const renewable = this.#leasedUntil - this.leaseSeconds / 3;
    if (!data.session || at >= renewable) {
      this.#leasedUntil = (data.session ? Math.max(at, this.#leasedUntil) : at) + this.leaseSeconds;
    }
    const renewAfter = this.lastLease ? null : time(this.#leasedUntil - this.leaseSeconds / 3);
    const renewBefore = this.lastLease ? null : time(this.#leasedUntil - Math.min(10, this.leaseSeconds / 6));
    const session = { id, endsAt: time(9000), renewAfter, renewBefore, leaseSeconds: this.leaseSeconds };
    return { data: answer(this.calls.length, { at, lives: this.#leasedUntil - at, session }) };
  };

  get takes(): Call[] {
    return this.calls.filter(({ end }) => end === undefined);
  }

  get ended(): unknown[] {
    return this.calls.flatMap(({ end }) => end ?? []);
  }
}
