// Stand-in until the kernel's meter tree lands: an account without limits.
export interface Account {
  charge(resource: string, amount: number): void;
  refund(resource: string, amount: number): void;
  wait(resource: string, amount: number): Promise<void>;
}

const UNLIMITED: Account = Object.freeze({
  charge: () => undefined,
  refund: () => undefined,
  wait: async () => undefined,
});

/** The account of the call that the running host function serves. Ask before the first `await`. */
export const account = (): Account => UNLIMITED;
