import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANY, type Answer, checkValue, type Domain, type Grantable, type Reply } from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import { CALL } from "../../stdlib/abi.ts";
import { probeSource } from "../kit/probe.ts";
import { loadSource, mustReturn, newKernel, PLENTY, spawn } from "../kit/world.ts";
import "../kit/vitest.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 3_000 : 300;
const kernel = newKernel();
const probe = loadSource(kernel, probeSource(1));
const ERROR = -1;

interface Watched {
  readonly capability: Grantable;
  /** Methods that were called, with copies of their arguments. */
  readonly calls: { method: number; bytes: Uint8Array }[];
}

function watched(answer: (method: number) => Reply | Promise<Reply> = () => Uint8Array.of(0xf7)): Watched {
  const calls: Watched["calls"] = [];
  return {
    calls,
    capability: {
      contract: permissive("watched", ["one", "two"]),
      target: (method, bytes, length) => {
        calls.push({ method, bytes: bytes.slice(0, length) });
        return answer(method);
      },
    },
  };
}

const number = async (domain: Domain, name: string, ...args: number[]): Promise<number> =>
  Number(mustReturn(await domain.enter(name, args)));

async function write(domain: Domain, at: number, bytes: readonly number[]): Promise<void> {
  for (const [index, byte] of bytes.entries()) await domain.enter("poke", [at + index, byte]);
}

async function read(domain: Domain, at: number, length: number): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < length; i++) out.push(await number(domain, "peek", at + i));
  return out;
}

/** The error value that waits, as text: its code stands in it. */
async function waiting(domain: Domain): Promise<string> {
  const length = await number(domain, "reply", 1000, 500);
  return length < 0 ? "nothing" : String.fromCharCode(...(await read(domain, 1000, length)));
}

const anyNumber = fc.oneof(fc.integer(), fc.integer({ min: -3, max: 5 }), fc.constantFrom(65_535, 65_536, 0x4000_0000));

describe("G3 authority: handles and methods", () => {
  test("a target is called by its handle and a method it has, and never otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(anyNumber, anyNumber, anyNumber, anyNumber, anyNumber), { maxLength: 8 }),
        async (tries) => {
          const domain = spawn(kernel, probe);
          const { capability, calls } = watched();
          expect(domain.grant(watched().capability)).toBe(0);
          expect(domain.grant(capability)).toBe(1);
          for (const [handle, method, at, length, capacity] of tries) {
            const before = calls.length;
            const code = await number(domain, "call", handle, method, at, length, capacity);
            const made = calls.length > before;
            if (made) expect([handle, [0, 1].includes(method)]).toEqual([1, true]);
            if (handle !== 0 && handle !== 1) expect(code).toBe(ERROR);
          }
          for (const { bytes } of calls) expect(checkValue(bytes, bytes.length)).toBeTypeOf("number");
        },
      ),
      { numRuns },
    );
  });

  test("a handle means nothing in another domain, and nothing after it was revoked", async () => {
    const [owner, stranger] = [spawn(kernel, probe), spawn(kernel, probe)];
    const { capability, calls } = watched();
    const handle = owner.grant(capability) as number;
    expect(await number(stranger, "call", handle, 0, 0, 1, 0)).toBe(ERROR);
    expect(await waiting(stranger)).toContain("E_HANDLE");
    expect(await number(owner, "call", handle, 0, 0, 1, 8)).toBe(1);
    owner.revoke(handle);
    expect(await number(owner, "call", handle, 0, 0, 1, 8)).toBe(ERROR);
    expect(await waiting(owner)).toContain("E_REVOKED");
    expect(calls.length).toBe(1);
  });

  test("arguments that are no array of one value each are refused before the target sees them", async () => {
    const { capability, calls } = watched();
    const bad = [
      [0x00],
      [0xf7],
      [0x81],
      [0x80, 0x80],
      [0x9f, 0xff],
      [0xc0, 0x80],
      [0x81, 0xda, 0x43, 0x4f, 4, 0],
      [0x81, 0xff],
      [0x81, 0x62, 0x61],
    ];
    const domain = spawn(kernel, probe);
    domain.grant(capability);
    for (const bytes of bad) {
      await write(domain, 100, bytes);
      expect(await number(domain, "call", 0, 0, 100, bytes.length, 8)).toBe(ERROR);
      expect(await waiting(domain)).toContain("E_VALUE");
    }
    expect(calls).toEqual([]);
  });

  test("no bytes are an empty list: refused where a call takes more", async () => {
    const { capability, calls } = watched();
    const call = {
      ...(capability.contract.calls[0] as NonNullable<unknown>),
      takes: { kind: "tuple", of: [ANY], least: 1 },
      isPlain: false,
    } as never;
    const contract = { ...capability.contract, form: "one more", calls: [call] };
    const domain = spawn(kernel, probe);
    domain.grant({ contract, target: capability.target });
    expect(await number(domain, "call", 0, 0, 0, 0, 8)).toBe(ERROR);
    expect(await waiting(domain)).toContain("E_VALUE");
    expect(calls).toEqual([]);
    domain.grant(capability);
    expect(await number(domain, "call", 1, 0, 0, 0, 8)).toBeGreaterThan(0);
    expect(calls).toHaveLength(1);
  });

  test("more arguments than a contract takes are refused, however their number is written", async () => {
    const { capability, calls } = watched();
    const call = {
      ...(capability.contract.calls[0] as NonNullable<unknown>),
      takes: { kind: "tuple", of: [ANY], least: 0 },
    } as never;
    const domain = spawn(kernel, probe);
    domain.grant({ ...capability, contract: { ...capability.contract, calls: [call] } });
    for (const bytes of [
      [0x82, 1, 2],
      [0x98, 2, 1, 2],
      [0x99, 0, 2, 1, 2],
      [0x9a, 0, 0, 0, 2, 1, 2],
    ]) {
      await write(domain, 100, bytes);
      expect(await number(domain, "call", 0, 0, 100, bytes.length, 8)).toBe(ERROR);
    }
    for (const bytes of [[0x80], [0x81, 1], [0x98, 1, 1], [0x9a, 0, 0, 0, 1, 1]]) {
      await write(domain, 100, bytes);
      expect(await number(domain, "call", 0, 0, 100, bytes.length, 8)).toBe(1);
    }
    expect(calls.length).toBe(4);
  });
});

describe("G3 authority: targets that break their word", () => {
  const thenable = Object.defineProperty({}, ["th", "en"].join(""), { value: () => undefined });
  const broken: readonly [string, () => Reply | Promise<Reply>][] = [
    [
      "throws",
      () => {
        throw new Error("secret path /home/x");
      },
    ],
    [
      "throws no error",
      () => {
        throw null;
      },
    ],
    ["answers nothing", () => undefined as never],
    ["answers a thenable", () => thenable as never],
    ["answers no value", () => Uint8Array.of(0x9f)],
    ["answers two values", () => Uint8Array.of(1, 2)],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["promises no value", () => Promise.resolve(Uint8Array.of(0xff))],
  ];

  test.each(broken)("one that %s loses its capability, and the guest learns nothing of why", async (_, answer) => {
    const domain = spawn(kernel, probe);
    const { capability, calls } = watched(answer);
    domain.grant(capability);
    const code = await number(domain, "call", 0, 0, 0, 1, 8);
    await new Promise((resolve) => setTimeout(resolve, 1));
    const said =
      code <= -16
        ? String.fromCharCode(...(await read(domain, 500, await number(domain, "receive", 500, 400, 0))))
        : await waiting(domain);
    expect(said).toContain("E_TARGET");
    expect(said).not.toContain("secret");
    expect(await number(domain, "call", 0, 0, 0, 1, 8)).toBe(ERROR);
    expect(await waiting(domain)).toContain("broken");
    expect(calls.length).toBe(1);
    expect(domain.ending()).toBeUndefined();
  });
});

/** A request that waits in the domain's inbox, taken out by the guest: its token. */
async function requested(
  domain: Domain,
  value = Uint8Array.of(7),
): Promise<{ token: number; answer: Promise<Answer> }> {
  const answer = domain.request(2, value);
  await new Promise((resolve) => setTimeout(resolve, 2));
  const length = await number(domain, "receive", 200, 100, 0);
  const bytes = await read(domain, 200, length);
  expect(bytes.slice(0, 2)).toEqual([0x84, 1]);
  return { token: bytes[2] as number, answer };
}

describe("G3 authority: answers and tokens", () => {
  test("a request is answered once: the second answer, and one to a token that is not open, are told so", async () => {
    const domain = spawn(kernel, probe);
    const { token, answer } = await requested(domain);
    await write(domain, 300, [0x18, 42]);
    for (const forged of [token + 1, -1, 0x7fff_ffff, 0])
      expect(await number(domain, "answer", forged, 1, 300, 2)).toBe(-1);
    expect(await number(domain, "answer", token, 1, 300, 2)).toBe(0);
    expect(await number(domain, "answer", token, 1, 300, 2)).toBe(-1);
    expect(await answer).toMatchObject({ kind: "answered", ok: true, bytes: Uint8Array.of(0x18, 42) });
  });

  test("an answer that is no value, or does not lie in memory, never reaches the host as one", async () => {
    const domain = spawn(kernel, probe);
    const first = await requested(domain);
    await write(domain, 300, [0x82, 1]);
    expect(await number(domain, "answer", first.token, 1, 65_530, 100)).toBe(-1);
    expect(await number(domain, "answer", first.token, 1, -1, 2)).toBe(-1);
    expect(await number(domain, "answer", first.token, 1, 300, 2)).toBe(0);
    const got = await first.answer;
    expect(got).toMatchObject({ kind: "answered", ok: false });
  });

  test("a domain that ends answers everything that was asked of it", async () => {
    const domain = spawn(kernel, probe);
    const { answer } = await requested(domain);
    domain.end();
    expect(await answer).toEqual({ kind: "ended", ending: { kind: "aborted" } });
    expect(await domain.request(0, Uint8Array.of(1))).toEqual({ kind: "ended", ending: { kind: "aborted" } });
  });

  test("completions that nobody wants are dropped: after revocation, and after the end", async () => {
    const settle: ((reply: Reply) => void)[] = [];
    const { capability } = watched(() => new Promise<Reply>((resolve) => settle.push(resolve)));
    const domain = spawn(kernel, probe);
    const handle = domain.grant(capability) as number;
    expect(await number(domain, "call", handle, 0, 0, 1, 8)).toBeLessThanOrEqual(-16);
    domain.revoke(handle);
    settle[0]?.(Uint8Array.of(0x18, 99));
    await new Promise((resolve) => setTimeout(resolve, 1));
    const length = await number(domain, "receive", 200, 200, 0);
    const said = await read(domain, 200, length);
    expect(String.fromCharCode(...said)).toContain("E_REVOKED");
    expect(await number(domain, "receive", 200, 200, 0)).toBe(-1);
    domain.end();
    settle[0]?.(Uint8Array.of(1));
  });
});

describe("G3 authority: entries", () => {
  test("a host function cannot be used to enter its caller again, nor a parked domain", async () => {
    const outcomes: unknown[] = [];
    const domain = spawn(kernel, probe);
    const { capability } = watched(() => {
      void domain.enter("peek", [0]).then((outcome) => outcomes.push(outcome));
      return Uint8Array.of(1);
    });
    domain.grant(capability);
    await number(domain, "call", 0, 0, 0, 1, 8);
    await new Promise((resolve) => setTimeout(resolve, 1));
    expect(outcomes).toMatchObject([{ kind: "refused", why: "busy" }]);
    const parked = domain.enter("deep", [3]);
    expect(await domain.enter("peek", [0])).toBeRefused("busy");
    domain.end();
    expect(await parked).toBeAborted();
  });

  test("a guest that is ended inside a gate makes no call after that one", async () => {
    const domain = spawn(kernel, probe);
    const { capability, calls } = watched(() => {
      if (calls.length === 3) domain.end();
      return Uint8Array.of(1);
    });
    domain.grant(capability);
    expect(await domain.enter("spree", [1000, 0, 0])).toBeAborted();
    expect(calls.length).toBe(3);
  });

  test("a target says call by call whether its promise is to be awaited: the token is the same, the answer another", async () => {
    const domain = spawn(kernel, probe);
    const ways: ("now" | "later" | "awaited")[] = ["awaited", "later", "now", "awaited", "awaited", "later"];
    domain.grant({
      contract: permissive("patient", ["go"]),
      target(_method, _bytes, _length, context) {
        const way = ways[made++] as (typeof ways)[number];
        context.awaited = way === "awaited" || made === 3; // of what is answered at once it says nothing
        return way === "now" ? Uint8Array.of(0xf7) : Promise.resolve(Uint8Array.of(0x20 + made));
      },
    });
    let made = 0;
    const codes: number[] = [];
    for (const _ of ways) codes.push(await number(domain, "call", 0, 0, 0, 0, 8));
    expect(codes).toEqual([
      ...[CALL.AWAITED - 1, CALL.PENDING - 2, 1],
      ...[CALL.AWAITED - 3, CALL.AWAITED - 4, CALL.PENDING - 5],
    ]);
    for (const token of [1, 2, 3, 4, 5]) {
      expect(await number(domain, "receive", 300, 100, 0)).toBe(5);
      expect(await read(domain, 300, 4)).toEqual([0x84, 0, token, 0xf5]);
    }
  });

  test("calls and bytes are counted, and the call beyond the allowance is not made", async () => {
    const domain = spawn(kernel, probe, { allowance: { calls: 5 } });
    const { capability, calls } = watched();
    domain.grant(capability);
    expect(await domain.enter("spree", [1000, 0, 0])).toBeExhausted("calls");
    expect(calls.length).toBe(5);
    const other = spawn(kernel, probe, { allowance: { bytes: 10 } });
    const second = watched(() => Uint8Array.of(0x42, 1, 2));
    other.grant(second.capability);
    expect(await other.enter("spree", [1000, 0, 0])).toBeExhausted("bytes");
    expect(second.calls.length).toBeLessThanOrEqual(4);
  });

  test.each([Number.NaN, -1])("an allowance of %d calls is none", async (calls) => {
    const domain = spawn(kernel, probe);
    const { capability, calls: made } = watched();
    domain.grant(capability);
    domain.allow({ ...PLENTY, calls });
    expect(await domain.enter("spree", [10, 0, 0])).toBeExhausted("calls");
    expect(made).toEqual([]);
  });

  test("a domain is granted nothing at birth", async () => {
    const domain = spawn(kernel, probe);
    for (let handle = 0; handle < 20; handle++) {
      expect(await number(domain, "call", handle, 0, 0, 1, 8)).toBe(ERROR);
      expect(await waiting(domain)).toContain("E_HANDLE");
    }
  });
});
