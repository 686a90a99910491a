// Machines: an instance of a program, and whose it is at the moment. One serves a single domain at a time, or takes
// turns between all domains of an arena.
//
// Invariants
//   MA1  Guest code runs only while its own domain is `current`: `install` comes before every entry, and `enter` of a
//        resumed stack (the first thing that runs on it) installs before any guest instruction.
//   MA2  The values of a domain's globals are in the engine's globals while it is current, else in `saved`; a `Register`
//        finds them in both.
// Trust
//   Trusted by memory.ts and domain.ts. Trusts verify.ts: every global is exported by its number, and no table changes.
import * as engine from "./engine.ts";
import { reservedExport } from "./verify.ts";

/** Values of the mutable globals, in their order: reserved ones, registers of monitors, the guest's own. */
export type Values = (number | bigint)[];
/** A domain, as far as a machine knows it. */
export type Occupant = { saved: Values };
/** One i32 global of one domain. */
export type Register = { value: number };

export interface Machine {
  current: Occupant | undefined;
  readonly isShared: boolean;
  readonly globals: readonly Register[];
  /** As they were made. */
  readonly initial: Readonly<Values>;
  /** Exported functions, made promising. */
  readonly entries: ReadonlyMap<string, (...args: Values) => Promise<unknown>>;
}

/** `mutable`: numbers of the mutable globals. No gate is called before the machine exists: there is no start function. */
export function newMachine(
  module: engine.EngineModule,
  mutable: readonly number[],
  isShared: boolean,
  link: (machine: Machine) => Readonly<Record<string, unknown>>,
): Machine {
  const seat: Pick<Machine, "current"> = { current: undefined };
  const exports = engine.instantiate(module, link(seat as Machine));
  const functions = Object.entries(exports).filter(([, value]) => typeof value === "function");
  const globals = mutable.map((index) => exports[reservedExport(index)] as Register);
  return Object.assign(seat, {
    ...{ isShared, globals, initial: globals.map(({ value }) => value) },
    entries: new Map(functions.map(([name, f]) => [name, engine.promising(f as engine.EngineFunction)])),
  });
}

/** Makes a domain the current one. */
export function install(machine: Machine, next: Occupant): void {
  const { current, globals } = machine;
  if (current === next) return;
  if (current !== undefined) current.saved = valuesOf(machine, current);
  machine.current = next;
  for (let i = 0; i < globals.length; i++)
    (globals[i] as { value: number | bigint }).value = next.saved[i] as number | bigint;
}

/** The values of a domain, wherever they are. */
export const valuesOf = ({ current, globals }: Machine, occupant: Occupant): Values =>
  current === occupant ? globals.map(({ value }) => value) : occupant.saved;

/** A class: V8 makes an object with accessors of its own in 1 us, and every domain of an arena has three. */
class SharedRegister implements Register {
  readonly #machine: Machine;
  readonly #occupant: Occupant;
  readonly #index: number;
  constructor(machine: Machine, occupant: Occupant, index: number) {
    [this.#machine, this.#occupant, this.#index] = [machine, occupant, index];
  }
  get #home(): Register | undefined {
    return this.#machine.current === this.#occupant ? this.#machine.globals[this.#index] : undefined;
  }
  get value(): number {
    return this.#home?.value ?? (this.#occupant.saved[this.#index] as number);
  }
  set value(value: number) {
    const home = this.#home;
    if (home === undefined) this.#occupant.saved[this.#index] = value;
    else home.value = value;
  }
}

/** A reserved global or a register of this domain. Where the machine is its own, the engine's global itself. */
export const register = (machine: Machine, occupant: Occupant, index: number): Register =>
  machine.isShared ? new SharedRegister(machine, occupant, index) : (machine.globals[index] as Register);
