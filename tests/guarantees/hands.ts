// Guests that a test moves by hand: each says and hears, byte by byte, what a guest of its own could. So a hostile one is
// no harder to write than an honest one.
import type {
  Account,
  Answer,
  CallContract,
  Capability,
  Contract,
  Domain,
  Grantable,
  Monitor,
  Reply,
  Shape,
} from "../../kernel/index.ts";
import { arg, contract, handle, integer, nothing, string } from "../../policy-libs/index.ts";
import { probeSource } from "../kit/probe.ts";
import { LIMITS, loadSource, mustReturn, newKernel, PLENTY, type SpawnOptions } from "../kit/world.ts";

export const kernel = newKernel();
export const probe = loadSource(kernel, probeSource(1));

export const NOTHING = Uint8Array.of(0xf7);
export const RELEASE = 0xffff_ffff;
const [PENDING, ROOM] = [-16, 1000];

const number32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
/** A handle, or an object of the sender's own, as it stands in a value. */
export const handleOf = (value: number): number[] => [0xda, 0, 0x43, 0x4f, 0x04, 0x1a, ...number32(value)];
export const offerOf = (value: number): number[] => [0xda, 0, 0x43, 0x4f, 0x05, 0x1a, ...number32(value)];
export const textOf = (text: string): number[] => [0x60 + text.length, ...Buffer.from(text)];
/** An error value with these codes: one with two of them is malice. */
export const errorOf = (...codes: readonly string[]): number[] => [
  ...[0xd8, 27, 0x82, ...textOf("Error"), 0xa1 + codes.length - 1],
  ...codes.flatMap((code) => [...textOf("code"), ...textOf(code)]),
];

export function handlesIn(bytes: readonly number[]): number[] {
  const mark = handleOf(0).slice(0, 6);
  return bytes.flatMap((_, at) =>
    mark.every((byte, i) => bytes[at + i] === byte) ? [Buffer.from(bytes).readUInt32BE(at + 6)] : [],
  );
}

const say = (bytes: readonly number[]): string => Buffer.from(bytes).toString("latin1");

/** How a call ended at once: with a value, with an error's code, or with a token to wait for. */
export type Called = { readonly bytes: number[]; readonly code?: string | undefined; readonly token?: number };

export type Hand = ReturnType<typeof handOf>;

export interface HandOptions extends SpawnOptions {
  readonly account?: Account;
  readonly monitor?: Monitor;
}

/** Undefined where the kernel refuses it. */
export function tryHand({ account, monitor, limits, allowance }: HandOptions = {}) {
  const paid = account === undefined ? {} : { account };
  const born = kernel.spawn(probe, { limits: { ...LIMITS, ...limits }, monitor, ...paid });
  if (born.kind !== "returned") return undefined;
  born.value.allow({ ...PLENTY, ...allowance });
  return handOf(born.value);
}

export function newHand(options?: HandOptions) {
  const hand = tryHand(options);
  if (hand === undefined) throw new Error("no domain was born");
  return hand;
}

function handOf(domain: Domain) {
  const number = async (name: string, ...args: number[]): Promise<number> =>
    Number(mustReturn(await domain.enter(name, args)));
  async function write(bytes: readonly number[]): Promise<void> {
    for (const [index, byte] of bytes.entries()) await domain.enter("poke", [ROOM + index, byte]);
  }
  async function read(length: number): Promise<number[]> {
    const out: number[] = [];
    for (let i = 0; i < length; i++) out.push(await number("peek", ROOM + i));
    return out;
  }
  /** The next message: its fields are at fixed places, for small numbers. Undefined: none is there. */
  async function receive(): Promise<number[] | undefined> {
    const length = await number("receive", ROOM, 4000, 0);
    return length < 0 ? undefined : read(length);
  }
  return {
    domain,
    number,
    receive,
    async call(handle: number, method: number, args: readonly number[] = [0x80]): Promise<Called> {
      await write(args);
      const code = await number("call", handle, method, ROOM, args.length, 4000);
      if (code <= PENDING) return { bytes: [], token: PENDING - code };
      if (code >= 0) return { bytes: await read(code) };
      const bytes = await read(await number("reply", ROOM, 4000));
      return { bytes, code: /E_\w+/.exec(say(bytes))?.[0] };
    },
    async answer(token: number, ok: boolean, value: readonly number[]): Promise<number> {
      await write(value);
      return number("answer", token, Number(ok), ROOM, value.length);
    },
    /** The next message, which must be an error or a value for a call that waited. */
    async completion(): Promise<Called & { readonly ok: boolean }> {
      const bytes = (await receive()) ?? [];
      if (bytes[1] !== 0) throw new Error(`no completion: ${bytes}`);
      const value = bytes.slice(bytes.findIndex((byte) => byte === 0xf4 || byte === 0xf5));
      return { ok: value[0] === 0xf5, bytes: value.slice(1), code: /E_\w+/.exec(say(value))?.[0] };
    },
  };
}

/** Turns of the host, until whoever was called has been. */
export const settled = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

const words = { allows: "what its calls say", never: "anything else" };

/** A thing that a guest can hold, pass on, and call. */
export const CELL = contract({
  name: "cell",
  ...words,
  calls: {
    get: { takes: [], gives: string({ max: 5 }), refuses: ["E_EMPTY"], about: "" },
    put: { takes: [arg("text", string({ max: 5 }))], gives: nothing(), refuses: [], about: "" },
  },
});
/** The same calls, another contract. */
export const OTHER = contract({
  name: "other",
  ...words,
  calls: { get: { takes: [], gives: integer(), refuses: [], about: "" } },
});
/** Cells go through its calls in both directions. */
export const BOX = contract({
  name: "box",
  ...words,
  calls: {
    take: { takes: [arg("cell", handle(CELL))], gives: nothing(), refuses: [], about: "" },
    give: { takes: [], gives: handle(CELL), refuses: [], about: "" },
  },
});
export const [GET, PUT] = [0, 1];
export const [TAKE, GIVE] = [0, 1];

export interface Seen {
  readonly given: { contract: Contract; target: Extract<Grantable, { target: unknown }>["target"] };
  readonly calls: {
    readonly method: number;
    readonly bytes: number[];
    readonly capabilities: readonly Capability[];
    wasDropped: boolean;
    settle: (reply: Reply) => void;
  }[];
}

/** A capability of the host's that writes down what it is asked. Answers at once, or `later`: when the test says. */
export function seen(contract: Contract, answer: () => Reply | "later" = () => NOTHING): Seen {
  const calls: Seen["calls"] = [];
  return {
    calls,
    given: {
      contract,
      target: (method, bytes, length, { capabilities, onDropped }) => {
        const { promise, resolve } = Promise.withResolvers<Reply>();
        const call = { method, bytes: [...bytes.slice(0, length)], capabilities, wasDropped: false, settle: resolve };
        calls.push(call);
        onDropped(() => {
          call.wasDropped = true;
        });
        const reply = answer();
        return reply === "later" ? promise : reply;
      },
    },
  };
}

/** A request that the domain has taken out of its inbox: with its token, and what it comes to. */
export async function requested(hand: Hand, call?: CallContract): Promise<{ token: number; answer: Promise<Answer> }> {
  const answer = hand.domain.request(0, NOTHING, call);
  const message = (await hand.receive()) ?? [];
  if (message[1] !== 1) throw new Error(`no request: ${message}`);
  return { token: message[2] as number, answer };
}

/** An object of this domain's own, as it leaves it: a capability whose calls come back to it. */
export async function offered(hand: Hand, object: number, due: Contract = CELL): Promise<Capability> {
  const gives: Shape = { kind: "handle", contract: () => due };
  const call: CallContract = { name: "give", takes: { kind: "any" }, gives, refuses: [], mode: "async" };
  const { token, answer } = await requested(hand, call);
  await hand.answer(token, true, offerOf(object));
  const given = await answer;
  if (given.kind !== "answered" || given.capabilities[0] === undefined) throw new Error(JSON.stringify(given));
  return given.capabilities[0];
}

/** The call of an object that waits in the domain's inbox. */
export async function invoked(hand: Hand): Promise<{ token: number; object: number; bytes: number[] }> {
  await settled();
  const bytes = (await hand.receive()) ?? [];
  if (bytes[1] !== 2) throw new Error(`no invocation: ${bytes}`);
  return { token: bytes[2] as number, object: bytes[3] as number, bytes };
}
