// G7: what the kernel revokes is dead when it returns: by every handle, in every domain, with all that was derived from
// it and all that is in flight; and it stays dead.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Capability,
  cut,
  type Domain,
  derive,
  MAX_DERIVED,
  newCapability,
  type Reply,
  release,
  type Target,
} from "../../kernel/index.ts";
import { permissive } from "../../policy-libs/index.ts";
import { CALL, EVERY, MESSAGE } from "../../stdlib/abi.ts";
import { runs } from "../kit/confinement.ts";
import { probeSource } from "../kit/probe.ts";
import { loadSource, mustReturn, newKernel, spawn } from "../kit/world.ts";

const kernel = newKernel();
const probe = loadSource(kernel, probeSource(1));
const contract = permissive("thing", ["go"]);
const UNDEFINED = Uint8Array.of(0xf7);
const silent: Target = () => UNDEFINED;

const number = async (domain: Domain, name: string, ...args: number[]): Promise<number> =>
  Number(mustReturn(await domain.enter(name, args)));

async function text(domain: Domain, length: number, at: number): Promise<string> {
  const out: number[] = [];
  for (let i = 0; i < length; i++) out.push(await number(domain, "peek", at + i));
  return String.fromCharCode(...out);
}

/** What a call of the handle comes to: "done", "pending", or a code. */
async function use(domain: Domain, handle: number): Promise<string> {
  const code = await number(domain, "call", handle, 0, 0, 1, 0);
  if (code >= 0) return "done";
  if (code <= CALL.PENDING) return "pending";
  return /E_[A-Z]+/.exec(await text(domain, await number(domain, "reply", 1000, 500), 1000))?.[0] ?? "?";
}

async function message(domain: Domain): Promise<string> {
  const length = await number(domain, "receive", 3000, 500, 0);
  return length < 0 ? "" : text(domain, length, 3000);
}

/** For each capability the earlier ones that it is derived from; which ones are cut, in order; which ones are let go. */
const anyFamily = fc.integer({ min: 1, max: 25 }).chain((size) =>
  fc.record({
    parents: fc.tuple(
      ...Array.from({ length: size }, (_, i) =>
        i === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(i - 1), { maxLength: 3 }),
      ),
    ),
    steps: fc.array(fc.record({ cuts: fc.boolean(), at: fc.nat(size - 1) }), { maxLength: 12 }),
  }),
);

describe("G7 revocation: capabilities that are derived from each other", () => {
  test("die with each of their parents at once, and with nothing else; letting go kills nobody", async () => {
    await fc.assert(
      fc.asyncProperty(anyFamily, async ({ parents, steps }) => {
        const domain = spawn(kernel, probe);
        const all: Capability[] = [];
        for (const of of parents)
          all.push(
            newCapability(
              contract,
              silent,
              of.map((at: number) => all[at] as Capability),
            ),
          );
        const handles = all.map((one) => domain.grant(one) as number);
        const dead = new Set<number>();
        for (const { cuts, at } of steps) {
          if (cuts) cut(all[at]);
          else release(all[at] as Capability);
          if (cuts) dead.add(at);
          parents.forEach((of: readonly number[], child: number) => {
            if (of.some((parent) => dead.has(parent))) dead.add(child);
          });
          expect(all.map(({ state }) => state !== "live")).toEqual(all.map((_, i) => dead.has(i)));
        }
        for (const [i, handle] of handles.entries())
          expect(await use(domain, handle)).toBe(dead.has(i) ? "E_REVOKED" : "done");
      }),
      runs(300),
    );
  });

  test("what is derived from a dead one is born dead", () => {
    const base = newCapability(contract, silent);
    const other = newCapability(contract, silent);
    cut(base);
    expect([derive(base).state, derive(other, base).state, derive(other).state]).toEqual([
      "revoked",
      "revoked",
      "live",
    ]);
    cut(base, "broken");
    expect(base.state).toBe("revoked");
  });

  test.each(["a chain", "a fan"])("ten thousand of them in %s die before it returns", (shape) => {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) {
      const base = newCapability(contract, silent);
      const all = [base];
      for (let i = 0; i < 10_000; i++) all.push(derive(shape === "a fan" ? base : (all.at(-1) as Capability)));
      const before = performance.now();
      cut(base);
      times.push(performance.now() - before);
      expect(all.every(({ state }) => state === "revoked")).toBe(true);
    }
    process.stderr.write(`revoking ${shape} of 10,000: ${times.map((ms) => ms.toFixed(2)).join(", ")} ms\n`);
  });

  test("more than the kernel keeps track of are born dead, never lost", () => {
    const base = newCapability(contract, silent);
    const all = Array.from({ length: MAX_DERIVED + 10 }, () => derive(base));
    expect(all.filter(({ state }) => state === "live")).toHaveLength(MAX_DERIVED);
    cut(base);
    expect(all.some(({ state }) => state === "live")).toBe(false);
  });
});

describe("G7 revocation: calls", () => {
  const pending = (): { target: Target; answer: (reply: Reply) => void; dropped: () => number } => {
    const open: ((reply: Reply) => void)[] = [];
    let dropped = 0;
    return {
      target: (_method, _bytes, _length, { onDropped }) => {
        onDropped(() => dropped++);
        return new Promise((resolve) => open.push(resolve));
      },
      answer: (reply) => {
        for (const resolve of open) resolve(reply);
      },
      dropped: () => dropped,
    };
  };

  test("in flight answer E_REVOKED, by whatever derived handle; their targets hear of it, and late answers reach nobody", async () => {
    const { target, answer, dropped } = pending();
    const base = newCapability(contract, target);
    const domains = [spawn(kernel, probe), spawn(kernel, probe)] as const;
    for (const domain of domains) {
      const handles = [domain.grant(base), domain.grant(derive(base)), domain.grant(derive(derive(base)))] as number[];
      for (const handle of handles) expect(await use(domain, handle)).toBe("pending");
    }
    cut(base);
    expect(dropped()).toBe(6);
    answer(UNDEFINED);
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const domain of domains) {
      for (let i = 0; i < 3; i++) {
        const told = await message(domain);
        expect(told.charCodeAt(1)).toBe(MESSAGE.COMPLETION);
        expect(told).toContain("E_REVOKED");
      }
      expect(await message(domain)).toBe("");
    }
  });

  test("that revoke what they are made of: its answer is dropped, at once and later", async () => {
    const domain = spawn(kernel, probe);
    const capability: Capability = newCapability(contract, () => {
      cut(capability);
      return UNDEFINED;
    });
    const handle = domain.grant(capability) as number;
    expect(await use(domain, handle)).toBe("E_REVOKED");
    const later: Capability = newCapability(contract, async () => {
      cut(later);
      return UNDEFINED;
    });
    expect(await use(domain, domain.grant(later) as number)).toBe("E_REVOKED");
    expect(await use(domain, handle)).toBe("E_REVOKED");
  });

  test("one more call of it from inside the revocation finds it dead", async () => {
    const { target } = pending();
    const base = newCapability(contract, target);
    const seen: string[] = [];
    const nosy: Target = (_method, _bytes, _length, { onDropped }) => {
      onDropped(() => seen.push(base.state, child.state));
      return new Promise(() => undefined);
    };
    const child = newCapability(contract, nosy, [base]);
    const domain = spawn(kernel, probe);
    const [baseHandle, handle] = [domain.grant(base) as number, domain.grant(child) as number];
    expect(await use(domain, handle)).toBe("pending");
    domain.revoke(baseHandle);
    // A grant is derived: revoking one handle spares what was derived from elsewhere.
    expect([base.state, child.state]).toEqual(["live", "live"]);
    cut(base);
    expect(seen).toEqual(["revoked", "revoked"]);
  });

  test("a handle that is revoked stays a handle until it is let go, and its slot is not its successor's", async () => {
    const domain = spawn(kernel, probe);
    const first = domain.grant({ contract, target: silent }) as number;
    domain.revoke(first);
    domain.revoke(first);
    expect(await use(domain, first)).toBe("E_REVOKED");
    expect(await number(domain, "call", first, EVERY.RELEASE | 0, 0, 0, 0)).toBe(0);
    const second = domain.grant({ contract, target: silent }) as number;
    expect(await use(domain, first)).toBe("E_HANDLE");
    expect(await use(domain, second)).toBe("done");
    domain.revoke(first);
    expect(await use(domain, second)).toBe("done");
  });
});

describe("G7 revocation: the end of a domain", () => {
  test("drops its calls, tells their targets, and lets go what it held", async () => {
    let [dropped, unused] = [0, 0];
    const base = newCapability(contract, (_m, _b, _l, { onDropped }) => {
      onDropped(() => dropped++);
      return new Promise(() => undefined);
    });
    base.onUnused = () => unused++;
    const domain = spawn(kernel, probe);
    const handle = domain.grant(base) as number;
    for (let i = 0; i < 5; i++) expect(await use(domain, handle)).toBe("pending");
    domain.end();
    domain.end();
    expect([dropped, unused, base.state]).toEqual([5, 1, "live"]);
  });
});
