// What a refused result kept open is closed; what somebody holds is not.
import { describe, expect, test } from "vitest";
import {
  audit,
  capability,
  faults,
  type Granted,
  quota,
  recorded,
  redact,
  revocable,
  size,
  subtree,
  tee,
  tree,
  unused,
  whenUnused,
} from "../../policy-libs/index.ts";
import { BOX, functionsOf, newWorld, outcome, settled } from "./attenuate-world.ts";

/** A box whose `open` makes a new cell each time, and says which of them were closed. */
function opening() {
  const closed: number[] = [];
  let opened = 0;
  let release: () => void = () => undefined;
  const world = newWorld();
  const open = async (path: string): Promise<Granted> => {
    const cell = (await world.functions["open"]!(path)) as Granted;
    const number = opened++;
    if (path === "b") await new Promise<void>((resolve) => (release = resolve));
    return whenUnused({ ...cell }, () => closed.push(number));
  };
  const granted = capability(BOX, { ...world.functions, open } as never) as Granted;
  return { granted, closed, release: () => release() };
}

const refused: Readonly<Record<string, (granted: Granted) => Granted>> = {
  size: (granted) => size(granted, { result: 1 }),
  quota: (granted) => quota(granted, { bytes: 9 }),
  recorded: (granted) => recorded(granted, { bytes: 9 }).granted,
  faults: (granted) => faults(granted, { seed: 1, probability: 1, errors: ["E_NOT_FOUND"], when: "after" }),
  redact: (granted) => redact(granted, [(value) => (typeof value === "object" ? null : value)]),
  audit: (granted) =>
    audit(granted, () => {
      throw new Error("disk full");
    }),
};

describe("a result that is not delivered", () => {
  test.each(Object.entries(refused))("is closed where it was refused: %s", async (_, wrap) => {
    const { granted, closed } = opening();
    expect(await outcome(() => functionsOf(wrap(granted))["open"]!("a"))).toMatch(/^E_/);
    expect(closed).toEqual([0]);
  });

  test("is closed through all layers that it has passed", async () => {
    const { granted, closed } = opening();
    const stack = size(redact(revocable(granted).granted, []), { result: 1 });
    await outcome(() => functionsOf(stack)["open"]!("a"));
    expect(closed).toEqual([0]);
  });

  test("is closed when it comes after a revocation", async () => {
    const { granted, closed, release } = opening();
    const owned = revocable(granted);
    const call = outcome(() => functionsOf(owned.granted)["open"]!("b"));
    await settled();
    owned.revoke();
    expect(await call).toBe("E_REVOKED");
    expect(closed).toEqual([]);
    release();
    await settled();
    expect(closed).toEqual([0]);
  });

  test("is closed on both sides of a tee that disagree", async () => {
    const [one, two] = [opening(), opening()];
    await outcome(() => functionsOf(tee(one.granted, two.granted, () => false))["open"]!("a"));
    expect([one.closed, two.closed]).toEqual([[0], [0]]);
  });

  test("stays open if the same handle was delivered before", async () => {
    const closed: string[] = [];
    const cell = whenUnused({ ...((await newWorld().functions["open"]!("a")) as Granted) }, () =>
      closed.push("closed"),
    );
    const base = capability(BOX, { ...newWorld().functions, open: async () => cell } as never) as Granted;
    const limited = functionsOf(quota(base, { bytes: 15 }));
    expect(await outcome(() => limited["open"]!("a"))).toBeTypeOf("object");
    expect(await outcome(() => limited["open"]!("a"))).toBe("E_QUOTA");
    expect(closed).toEqual([]);
  });
});

describe("a wrapper that nobody holds any more", () => {
  test("closes what it wraps, through all layers and both sides of a tee", async () => {
    const [one, two] = [opening(), opening()];
    const both = functionsOf(revocable(tee(size(one.granted, {}), two.granted)).granted);
    unused((await both["open"]!("a")) as Granted);
    expect([one.closed, two.closed]).toEqual([[0], [0]]);
  });

  test("closes a real handle of files", async () => {
    const files = functionsOf(revocable(subtree(tree({ in: { a: "x" } }), "in")).granted);
    const file = (await files["open"]!("a")) as Granted;
    unused(file);
    expect(await outcome(() => functionsOf(file)["size"]!())).toBe("E_CLOSED");
  });
});
