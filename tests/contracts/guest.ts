// A stand-in for the guest that makes calls: its end, and what it is charged. Used with vi.mock of policy-libs/call.ts
// and policy-libs/meter/index.ts, which know the guest of the running call.

/** A guest whose end is chosen, with what it was charged. */
export interface Guest {
  readonly signal: AbortSignal;
  readonly charges: (readonly [resource: string, amount: number])[];
  readonly limits: Map<string, number>;
  end(): void;
  /** Makes a call as this guest. */
  as<T>(call: () => T): T;
}

let current: Guest | undefined;

export function newGuest(): Guest {
  const controller = new AbortController();
  const guest: Guest = {
    signal: controller.signal,
    charges: [],
    limits: new Map(),
    end: () => controller.abort(),
    as(call) {
      const before = current;
      current = guest;
      try {
        return call();
      } finally {
        current = before;
      }
    },
  };
  return guest;
}

const nobody = newGuest();

export const signal = (): AbortSignal => (current ?? nobody).signal;

export function account() {
  const guest = current ?? nobody;
  const spent = (resource: string): number =>
    guest.charges.reduce((sum, [name, amount]) => (name === resource ? sum + amount : sum), 0);
  return {
    charge(resource: string, amount: number): void {
      const limit = guest.limits.get(resource) ?? Number.POSITIVE_INFINITY;
      if (spent(resource) + amount > limit) throw Object.assign(new Error("no more"), { code: "E_QUOTA" });
      guest.charges.push([resource, amount]);
    },
    refund: (resource: string, amount: number): void => void guest.charges.push([resource, -amount]),
    wait: async (): Promise<void> => undefined,
  };
}

/** "E_CLOSED" if the call is refused so, else what it gave. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    return (error as { readonly code?: string }).code ?? error;
  }
}

/** Lets everything run that is ready to. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
