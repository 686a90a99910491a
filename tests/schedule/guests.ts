// A kernel whose clock only its guests move: each call of `work` takes a programmed time, and nothing else takes any.
import { type Account, type Domain, type Kernel, newAccount, type Outcome, type RunQueue } from "../../kernel/index.ts";
import { fairQueue, permissive } from "../../policy-libs/index.ts";
import { assemble, type Code, type Instruction } from "../kit/assemble.ts";
import { LIMITS, loadSource, mustReturn, newKernel, PLENTY } from "../kit/world.ts";

const GATES = [
  { name: "call", params: "iiiii", results: "i" },
  { name: "receive", params: "iii", results: "i" },
] as const;
const constants = (...values: number[]): Instruction[] => values.map((value) => ["i32.const", value]);
/** An empty list of arguments lies at 0. */
const work: Instruction[] = [["local.get", 0], ...constants(0, 0, 1, 0), ["call", 0], ["drop"]];
const awaits: Instruction[] = [...constants(0x100, 256, 1), ["call", 1], ["drop"]];
const forever = (code: Code): Code => [["loop", ""], ...code, ["br", 0], ["end"]];

/**
 * `spins(handle)`, `asks(handle)`: calls and waits for a message, for ever; `works(handle)`: once; `wakes(handle)`: once,
 * after a message.
 */
const SOURCE = assemble({
  pages: 1,
  imports: GATES,
  functions: [
    { params: "i", results: "", exported: "spins", code: forever(work) },
    { params: "i", results: "", exported: "asks", code: forever([...work, ...awaits]) },
    { params: "i", results: "", exported: "works", code: work },
    { params: "", results: "", exported: "idles", code: forever([]) },
    { params: "", results: "", exported: "waits", code: awaits },
    { params: "i", results: "", exported: "wakes", code: [...awaits, ...work] },
  ],
  data: [{ offset: 0, bytes: [0x80] }],
});

const WORK = permissive("work", ["work"]);
const UNDEFINED = Uint8Array.of(0xf7);

export interface Worker {
  readonly domain: Domain;
  readonly account: Account;
  readonly handle: number;
  ended: Outcome<unknown> | undefined;
}

export interface Work {
  /** Of the thread, each time. */
  readonly costs: number;
  /** What else it does. */
  readonly does?: () => void;
  /** When the answer comes. Default: at once, without a promise. */
  readonly answers?: () => Promise<void>;
}

export class Guests {
  now = 0;
  /** Macrotasks that the kernel had. */
  turns = 0;
  until = Infinity;
  readonly had = new Map<Account, number>();
  readonly workers: Worker[] = [];
  readonly kernel: Kernel;
  readonly #artifact: ReturnType<typeof loadSource>;

  constructor(runQueue: RunQueue | "none" = fairQueue()) {
    const later = (task: () => void): void =>
      void setImmediate(() => {
        this.turns++;
        task();
      });
    this.kernel = newKernel({ now: () => this.now, later, ...(runQueue === "none" ? {} : { runQueue }) });
    this.#artifact = loadSource(this.kernel, SOURCE);
  }

  /** Time that an account had, and all below it. */
  of = (account: Account): number => this.had.get(account) ?? 0;

  pass(ms: number, by?: Account): void {
    this.now += ms;
    for (let at = by; at !== undefined; at = at.parent) this.had.set(at, this.of(at) + ms);
    if (this.now >= this.until) this.stop();
  }

  spawn({ costs, does, answers }: Work, account = newAccount() as Account): Worker {
    const domain = mustReturn(this.kernel.spawn(this.#artifact, { limits: LIMITS, account }));
    domain.allow({ ...PLENTY, fuel: 1e12, calls: 1e9, bytes: 1e12 });
    const target = () => {
      this.pass(costs, account);
      does?.();
      return answers === undefined ? UNDEFINED : answers().then(() => UNDEFINED);
    };
    const handle = domain.grant({ contract: WORK, target }) as number;
    const worker: Worker = { domain, account, handle, ended: undefined };
    this.workers.push(worker);
    return worker;
  }

  enter(worker: Worker, name: "spins" | "asks" | "works" | "idles" | "waits" | "wakes"): Promise<Outcome<unknown>> {
    const args = name === "idles" || name === "waits" ? [] : [worker.handle];
    const running = worker.domain.enter(name, args);
    void running.then((outcome) => Object.assign(worker, { ended: outcome }));
    return running;
  }

  spin(costs: number, account?: Account): Worker {
    const worker = this.spawn({ costs }, account);
    void this.enter(worker, "spins");
    return worker;
  }

  /** Its answers come as settled promises, if nothing else is said. */
  ask(work: Work, account?: Account): Worker {
    const worker = this.spawn({ answers: () => Promise.resolve(), ...work }, account);
    void this.enter(worker, "asks");
    return worker;
  }

  stop(): void {
    this.until = Infinity;
    for (const { domain } of this.workers) domain.end();
  }

  /** Until the clock says so; then all of them end. */
  async run(ms: number): Promise<void> {
    this.until = this.now + ms;
    while (this.workers.some(({ ended }) => ended === undefined)) await tick();
  }
}

/** A macrotask of the host, after all that is settled. */
export const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
