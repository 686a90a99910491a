// A virtual clock: it stands still while anything runs, and moves on to the next sleeper when everything waits.

export interface FakeClock {
  monotonic(): number;
  sleep(ms: number): Promise<void>;
  /** Time that passes at once, as while computing. */
  advance(ms: number): void;
}

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** `turns` of the event loop are how long whoever was answered may take to ask again. */
export function fakeClock(turns: number): FakeClock {
  const sleepers: Sleeper[] = [];
  let now = 0;
  let isMoving = false;

  async function move(): Promise<void> {
    isMoving = true;
    for (;;) {
      for (let i = 0; i < turns; i++) await turn();
      sleepers.sort((a, b) => a.due - b.due);
      const first = sleepers.shift();
      if (first === undefined) break;
      now = Math.max(now, first.due);
      first.wake();
    }
    isMoving = false;
  }

  return {
    monotonic: () => now,
    sleep: (ms) =>
      new Promise((resolve) => {
        sleepers.push({ due: now + ms, wake: resolve });
        if (!isMoving) void move();
      }),
    advance(ms) {
      now += ms;
    },
  };
}
