// The contract of plain host functions: whatever can cross, and nothing that must be looked after.
import { ANY, type Contract } from "../kernel/index.ts";

/** Any arguments, any result, any error. No handles. */
export const permissive = (name: string, calls: readonly string[]): Contract => ({
  name,
  form: `permissive ${JSON.stringify([name, calls])}`,
  calls: calls.map((call) => ({ name: call, takes: ANY, gives: ANY, refuses: "any", mode: "sync", isPlain: true })),
});
