// biome-ignore-all lint/complexity/noExcessiveLinesPerFunction: one closure over one instance
// A host for the engine guest without a kernel: the gates as plain functions over one uninstrumented instance.
// For unit tests of the adapter only; it trusts the guest, charges nothing and ends nothing.

import { ANSWER_UNKNOWN, CALL, ENGINE, MESSAGE, RECEIVE } from "../../abi.ts";
import { decode, ErrorValue, encode } from "./cbor.build.ts";

export type HostFunction = (...args: never[]) => unknown;
export type Grants = Record<string, Record<string, HostFunction> | HostFunction>;

export interface HostOptions {
  readonly grants?: Grants;
  readonly system?: Record<string, Record<string, HostFunction>>;
  /** Functions, as "grant.call", that park the guest. Needs `suspend`. */
  readonly blocking?: readonly string[];
  /** What answers later is to be awaited, whatever the guest takes it for. Needs `suspend`. */
  readonly awaited?: boolean;
  readonly suspend?: boolean;
  readonly options?: Record<string, unknown>;
}

interface Ended {
  readonly ok: boolean;
  readonly value: unknown;
}

interface Suspender {
  Suspending: new (fn: (...args: number[]) => unknown) => WebAssembly.ImportValue;
  promising(fn: unknown): () => Promise<number>;
}

export interface Host {
  /** Sends a request and turns the guest until it is answered. */
  request(method: number, value: unknown): Promise<Ended>;
  /** Sends a request and makes one turn; what was answered is in `answered`. */
  post(method: number, value: unknown): number;
  turn(): number;
  run(source: string, more?: Record<string, unknown>): Promise<unknown>;
  call(name: string, ...args: unknown[]): Promise<unknown>;
  /** Puts raw bytes into the inbox. */
  inject(message: Uint8Array): void;
  readonly answered: Map<number, Ended>;
  readonly console: string[];
  readonly memory: WebAssembly.Memory;
}

const copyOf = (memory: WebAssembly.Memory, at: number, length: number) =>
  new Uint8Array(memory.buffer.slice(at >>> 0, (at >>> 0) + length));

export async function createHost(module: WebAssembly.Module, options: HostOptions = {}): Promise<Host> {
  const inbox: Uint8Array[] = [];
  const targets: ((method: number, args: unknown[]) => unknown)[] = [];
  const answered = new Map<number, Ended>();
  const lines: string[] = [];
  let waiting: Uint8Array | undefined;
  let nextToken = 1;
  let wake = () => {};

  const deliver = (token: number, ok: boolean, value: unknown) => {
    inbox.push(encode([MESSAGE.COMPLETION, token, ok, value]));
    wake();
  };

  function respond(bytes: Uint8Array, at: number, capacity: number): number {
    if (bytes.length > capacity) waiting = bytes;
    else new Uint8Array(memory.buffer).set(bytes, at);
    return bytes.length;
  }

  function call(handle: number, method: number, at: number, length: number, capacity: number): number {
    const args = decode(new Uint8Array(memory.buffer, at, length)) as unknown[];
    try {
      const result = targets[handle]?.(method, args);
      if (!(result instanceof Promise)) return respond(encode(result), at, capacity);
      const token = nextToken++;
      result.then(
        (value) => deliver(token, true, value),
        (error) => deliver(token, false, error),
      );
      return (options.awaited === true ? CALL.AWAITED : CALL.PENDING) - token;
    } catch (error) {
      waiting = encode(error);
      return CALL.ERROR;
    }
  }

  function reply(at: number, capacity: number): number {
    if (!waiting) return -1;
    const bytes = waiting;
    waiting = undefined;
    return respond(bytes, at, capacity);
  }

  function take(at: number, capacity: number): number {
    const message = inbox[0] as Uint8Array;
    if (message.length <= capacity) {
      inbox.shift();
      new Uint8Array(memory.buffer).set(message, at);
    }
    return message.length;
  }

  function receive(at: number, capacity: number, wait: number): number | Promise<number> {
    if (inbox.length > 0) return take(at, capacity);
    if (wait === 0) return RECEIVE.EMPTY;
    if (!options.suspend) return RECEIVE.CANNOT_WAIT;
    return new Promise((resolve) => {
      wake = () => {
        wake = () => {};
        resolve(take(at, capacity));
      };
    });
  }

  function answer(token: number, ok: number, at: number, length: number): number {
    if (answered.has(token)) return ANSWER_UNKNOWN;
    answered.set(token, { ok: ok === 1, value: decode(copyOf(memory, at, length)) });
    wake();
    return 0;
  }

  const jspi = WebAssembly as unknown as Suspender;
  const receiveImport = options.suspend ? new jspi.Suspending(receive) : (receive as WebAssembly.ImportValue);
  const instance = new WebAssembly.Instance(module, { cordon: { call, reply, receive: receiveImport, answer } });
  const memory = instance.exports["memory"] as WebAssembly.Memory;
  const entry = instance.exports["cordon_turn"] as () => number;
  const turnLater = options.suspend ? jspi.promising(entry) : async () => entry();

  function post(method: number, value: unknown): number {
    const token = nextToken++;
    inbox.push(encode([MESSAGE.REQUEST, token, method, value]));
    return token;
  }

  async function request(method: number, value: unknown): Promise<Ended> {
    const token = post(method, value);
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await turnLater();
      const ended = answered.get(token);
      if (ended) return ended;
      if (inbox.length === 0) await woken;
    }
  }

  function describe(group: Record<string, HostFunction> | HostFunction, prefix: string) {
    const calls = typeof group === "function" ? [["", group] as const] : Object.entries(group);
    const functions = calls.map(([, fn]) => fn as (...args: unknown[]) => unknown);
    const handle = targets.push((method, args) => functions[method]?.(...args)) - 1;
    const mode = (name: string) => (options.blocking?.includes(`${prefix}.${name}`) ? "blocking" : "sync");
    return { handle, calls: Object.fromEntries(calls.map(([name], method) => [name, { method, mode: mode(name) }])) };
  }

  const system = {
    console: { write: (level: string, text: string) => void lines.push(`${level}: ${text}`) },
    clock: { now: () => Date.now() },
    random: { bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) },
    timers: { sleep: (ms: number) => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms)) },
    ...options.system,
  };
  const each = (groups: object) =>
    Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, describe(group, name)]));
  const configured = await request(ENGINE.CONFIGURE, {
    grants: each(options.grants ?? {}),
    system: each(system),
    options: options.options ?? {},
  });
  if (!configured.ok) throw new GuestError(configured.value);

  async function result(method: number, value: unknown): Promise<unknown> {
    const ended = await request(method, value);
    if (!ended.ok) throw new GuestError(ended.value);
    return ended.value;
  }

  return {
    request,
    post,
    turn: entry,
    run: (source, more) => result(ENGINE.RUN, { source, name: "test.js", kind: "auto", ...more }),
    call: (name, ...args) => result(ENGINE.CALL, { name, args }),
    inject: (message) => void inbox.push(message),
    answered,
    console: lines,
    memory,
  };
}

/** What a guest threw, as it came across. */
export class GuestError extends Error {
  readonly fields: Record<string, unknown>;
  constructor(value: unknown) {
    const fields = value instanceof ErrorValue ? value.fields : { name: "not an error", message: String(value) };
    super(`${fields["name"]}: ${fields["message"]}`);
    this.fields = fields;
  }
}
