// A thread that is not there: guests are what they cost, time is a sum, and everything is exact.
import { type Account, newAccount, SLICE_MS } from "../../kernel/index.ts";
import { fairQueue } from "../../policy-libs/index.ts";

/** What a guest does with its next turn: so many ms of the thread, then it waits again, or sleeps for some ms. */
export interface Step {
  readonly costs: number;
  readonly sleeps?: number | undefined;
}

export interface Guest {
  readonly account: Account;
  readonly next: () => Step;
}

export const account = (parent?: Account): Account => newAccount(parent) as Account;

export class Thread {
  /** Ms that the machine gave to others. */
  lost = 0;
  readonly queue = fairQueue({ stolen: () => this.lost });
  now = 0;
  readonly had = new Map<Account, number>();
  readonly #sleepers: { readonly at: number; readonly guest: Guest }[] = [];

  /** Time that an account had, and all below it. */
  of = (one: Account): number => this.had.get(one) ?? 0;

  begin(guest: Guest): void {
    this.queue.push(() => this.turn(guest), guest.account);
  }

  /** What a spinning guest does. */
  spin(by: Account, costs = SLICE_MS): void {
    this.begin({ account: by, next: () => ({ costs }) });
  }

  turn(guest: Guest): void {
    const { costs, sleeps } = guest.next();
    this.use(guest.account, costs);
    if (sleeps === undefined) this.begin(guest);
    else this.#sleepers.push({ at: this.now + sleeps, guest });
  }

  use(by: Account, ms: number): void {
    this.now += ms;
    for (let at: Account | undefined = by; at !== undefined; at = at.parent) this.had.set(at, this.of(at) + ms);
    this.queue.charge?.(by, ms);
  }

  /** Until the clock says so. Those that wake up past the queue do so, when they are due. */
  run(ms: number, entersWhoWakes = false): void {
    const until = this.now + ms;
    while (this.now < until) {
      const awake = this.#sleepers.filter(({ at }) => at <= this.now);
      for (const one of awake) {
        this.#sleepers.splice(this.#sleepers.indexOf(one), 1);
        if (entersWhoWakes && this.queue.isDue?.(one.guest.account) === true) this.turn(one.guest);
        else this.begin(one.guest);
      }
      const task = this.queue.take();
      if (task !== undefined) task();
      else if (this.#sleepers.length === 0) return;
      else this.now = Math.max(this.now, Math.min(...this.#sleepers.map(({ at }) => at)));
    }
  }
}
