// How the command ends, as numbers for shells. The README and `cordon help exit` are made from, or checked against, this.

// biome-ignore format: a table
export const EXIT = {
  returned:    { code: 0,   means: "the run returned; `check` and `verify` found nothing wrong" },
  threw:       { code: 1,   means: "the guest threw an error, a program exited with a number of its own, or `check` found a problem" },
  usage:       { code: 2,   means: "the command line, a file or an option is wrong; nothing was run" },
  refused:     { code: 3,   means: "a policy or the kernel refused; `verify` found a rule broken" },
  exhausted:   { code: 4,   means: "a limit was reached: fuel, memory, wall, depth, calls or bytes" },
  trapped:     { code: 5,   means: "the guest trapped: its own code did what WebAssembly forbids" },
  aborted:     { code: 6,   means: "the run was aborted from outside" },
  interrupted: { code: 7,   means: "a policy interrupted the run; it can be continued" },
  ctrlC:       { code: 130, means: "Ctrl-C" },
  pipe:        { code: 141, means: "whoever read the output went away" },
} as const satisfies Record<string, { readonly code: number; readonly means: string }>;

export type ExitName = keyof typeof EXIT;
export const exitCode = (name: ExitName): number => EXIT[name].code;

/** A mistake of whoever typed the command: told in one line, without a stack. */
export class UsageError extends Error {
  readonly hint: string | undefined;
  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
