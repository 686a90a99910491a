// What files cost: bytes read and written, open files, and room in a tree, to the account of the call.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { filesOf, type Granted, tree, treePlace, unused } from "../../policy-libs/index.ts";
import { directory } from "../../policy-libs/node/index.ts";
import { bytes, type Calls, CONTENTS, callsOf, newWorld, opened, outcome, type World } from "./files-kit.ts";

/** An account that remembers, and refuses beyond its limits. */
function newPayer(limits: Readonly<Record<string, number>> = {}) {
  const used: Record<string, number> = {};
  return {
    used,
    charge(resource: string, amount: number): void {
      if (!(amount >= 0)) throw new Error(`a charge of ${amount}`);
      const now = (used[resource] ?? 0) + amount;
      if (now > (limits[resource] ?? Number.POSITIVE_INFINITY)) throw Object.assign(new Error(), { code: "E_QUOTA" });
      used[resource] = now;
    },
    refund(resource: string, amount: number): void {
      used[resource] = (used[resource] ?? 0) - amount;
      if (!(amount >= 0) || used[resource] < 0) throw new Error(`${resource} is refunded beyond what was charged`);
    },
    wait: async (): Promise<void> => undefined,
  };
}

const caller = vi.hoisted(() => ({ payer: undefined as unknown }));
vi.mock("../../policy-libs/meter/index.ts", () => ({ account: () => caller.payer }));

type Payer = ReturnType<typeof newPayer>;
const PAYS = ["fileRead", "fileWrite", "filesOpened", "diskUsed"];
const billOf = ({ used }: Payer): number[] => PAYS.map((resource) => used[resource] ?? 0);

let world: World;
let payer: Payer;
beforeEach(() => {
  world = newWorld("cordon-charges-");
  caller.payer = payer = newPayer();
});
afterEach(() => world.end());

const KINDS: Readonly<Record<string, (options?: object) => Granted>> = {
  "in memory": (options) => tree(CONTENTS, options),
  "of a directory": (options) => directory(world.inside(), options),
};

describe.each(Object.keys(KINDS))("files %s", (kind) => {
  const make = (options?: object): Calls => callsOf(KINDS[kind]!(options));

  test("charge the bytes that are read and written, and nothing else", async () => {
    const files = make();
    await files["readText"]!("a.txt");
    await files["readBytes"]!("folder/b.txt");
    expect(billOf(payer).slice(0, 2)).toEqual([9, 0]);
    await files["writeText"]!("new", "12345678");
    await files["append"]!("new", "90");
    expect(billOf(payer).slice(0, 2)).toEqual([9, 10]);
    await files["copy"]!("new", "copy");
    expect(billOf(payer).slice(0, 2)).toEqual([19, 20]);
    for (const call of ["list", "stat", "exists", "makeDirectory"]) await outcome(files[call]!("folder"));
    await files["remove"]!("copy");
    expect(billOf(payer).slice(0, 3)).toEqual([19, 20, 0]);
  });

  test("charge nothing for what fails", async () => {
    const files = make({ maxFileBytes: 100 });
    await outcome(files["readText"]!("none"));
    await outcome(files["writeText"]!("no/such", "x"));
    await outcome(files["writeBytes"]!("big", new Uint8Array(101)));
    await outcome(files["append"]!("folder", "x"));
    await outcome(files["open"]!("none"));
    await outcome(files["openWriter"]!("folder"));
    await outcome(files["watch"]!("no/such"));
    expect(billOf(payer)).toEqual([0, 0, 0, 0]);
  });

  test("charge what handles read and write, and one file while one is open", async () => {
    const files = make();
    const file = await opened(files["open"]!("new", { write: true, create: true }));
    await file["writeAt"]!(0, bytes("0123456789"));
    await file["readAt"]!(5);
    expect(await outcome(file["writeAt"]!(11, bytes("x")))).toBe("E_PAST_END");
    expect(billOf(payer).slice(0, 3)).toEqual([5, 10, 1]);
    const reader = await opened(files["openReader"]!("new", { from: 2 }));
    await reader["read"]!(3);
    await reader["read"]!();
    const writer = await opened(files["openWriter"]!("a.txt"));
    await writer["write"]!("abc");
    const watch = await opened(files["watch"]!("."));
    expect(billOf(payer).slice(0, 3)).toEqual([13, 13, 4]);
    for (const one of [file, reader, writer, watch]) await one["close"]!();
    expect(billOf(payer).slice(0, 3)).toEqual([13, 13, 0]);
    for (const one of [file, reader, writer, watch]) expect(await outcome(one["close"]!())).toBe("E_CLOSED");
    expect(billOf(payer).slice(0, 3)).toEqual([13, 13, 0]);
  });

  test("give an open file back once, however it ends", async () => {
    const files = make();
    const aborted = await opened(files["openWriter"]!("x"));
    await aborted["abort"]!();
    const dropped = await files["openWriter"]!("x");
    unused(dropped as Granted);
    unused(dropped as Granted);
    await outcome(callsOf(dropped)["close"]!());
    const twice = await opened(files["open"]!("a.txt"));
    await Promise.all([outcome(twice["close"]!()), outcome(twice["close"]!())]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(payer.used["filesOpened"]).toBe(0);
  });

  test("refuse what the account refuses, before anything is done", async () => {
    const files = make();
    caller.payer = payer = newPayer({ fileWrite: 10, filesOpened: 1 });
    expect(await outcome(files["writeText"]!("a.txt", "01234567890"))).toBe("E_QUOTA");
    expect(await files["readText"]!("a.txt")).toBe("alpha");
    const file = await opened(files["open"]!("a.txt", { write: true }));
    expect(await outcome(files["open"]!("made", { write: true, create: true }))).toBe("E_QUOTA");
    expect(await files["exists"]!("made")).toBe(false);
    await file["writeAt"]!(0, bytes("0123456789"));
    expect(await outcome(file["writeAt"]!(0, bytes("x")))).toBe("E_QUOTA");
    await file["close"]!();
    const writer = await opened(files["openWriter"]!("a.txt"));
    expect(await outcome(writer["write"]!("x"))).toBe("E_QUOTA");
    await writer["abort"]!();
    expect(await files["readText"]!("a.txt")).toBe("0123456789");
  });

  test("in blocks charge as RepyV2 does", async () => {
    // ../shared/reference/repy.md: B07, B08, B12, B16, B20, B23.
    const bill = async (files: Calls, work: (files: Calls) => Promise<unknown>): Promise<number[]> => {
      caller.payer = payer = newPayer();
      await outcome(work(files));
      return billOf(payer).slice(0, 2);
    };
    const files = make({ tariff: "blocks" });
    expect(await bill(files, () => files["open"]!("none", { write: true }))).toEqual([4_096, 0]);
    expect(await bill(files, () => files["open"]!("a.txt", { write: true, create: true }))).toEqual([4_096, 0]);
    let file: Calls = {};
    const make8 = async (): Promise<void> => {
      file = await opened(files["open"]!("new", { write: true, create: true }));
    };
    expect(await bill(files, make8)).toEqual([4_096, 4_096]);
    expect(await bill(files, () => file["writeAt"]!(0, bytes("x")))).toEqual([0, 4_096]);
    expect(await bill(files, () => file["writeAt"]!(1, new Uint8Array(4_098)))).toEqual([0, 8_192]);
    await file["writeAt"]!(0, new Uint8Array(9_000));
    expect(await bill(files, () => file["readAt"]!(0, 1))).toEqual([4_096, 0]);
    expect(await bill(files, () => file["readAt"]!(4_090, 8))).toEqual([8_192, 0]);
    await file["close"]!();
    expect(await bill(files, () => files["list"]!())).toEqual([4_096, 0]);
    expect(await bill(files, () => files["remove"]!("none"))).toEqual([4_096, 0]);
    expect(await bill(files, () => files["remove"]!("new"))).toEqual([4_096, 4_096]);
  });
});

describe("room in a tree", () => {
  test("is paid by who wrote a file last, and given back when it is gone", async () => {
    const place = treePlace(CONTENTS);
    const files = callsOf(filesOf(place));
    const [first, second] = [newPayer(), newPayer()];
    caller.payer = first;
    await files["writeText"]!("x", "0123456789");
    await files["append"]!("x", "01");
    expect([first.used["diskUsed"], second.used["diskUsed"]]).toEqual([12, undefined]);
    caller.payer = second;
    await files["append"]!("x", "2");
    expect([first.used["diskUsed"], second.used["diskUsed"]]).toEqual([0, 13]);
    caller.payer = first;
    await files["truncate"]!("x", 4);
    expect([first.used["diskUsed"], second.used["diskUsed"]]).toEqual([0, 4]);
    await files["writeText"]!("y", "123456");
    await files["rename"]!("y", "x");
    expect([first.used["diskUsed"], second.used["diskUsed"]]).toEqual([6, 0]);
    caller.payer = second;
    await files["remove"]!("x");
    expect([first.used["diskUsed"], second.used["diskUsed"]]).toEqual([0, 0]);
  });

  test("of a removed file is paid until the last who has it open closes it", async () => {
    const files = callsOf(tree());
    await files["writeText"]!("x", "0123456789");
    const all = await Promise.all([1, 2].map(() => opened(files["open"]!("x", { write: true }))));
    await files["writeText"]!("x", "new");
    expect(payer.used["diskUsed"]).toBe(13);
    await files["remove"]!("x");
    await all[0]!["close"]!();
    expect(payer.used["diskUsed"]).toBe(10);
    await all[1]!["writeAt"]!(10, bytes("more"));
    expect(payer.used["diskUsed"]).toBe(14);
    await all[1]!["close"]!();
    expect(payer.used["diskUsed"]).toBe(0);
  });

  test("of a writer that is aborted, or takes a file's place, is accounted for", async () => {
    const files = callsOf(tree(CONTENTS));
    const writer = await opened(files["openWriter"]!("x"));
    await writer["write"]!("0123");
    expect(payer.used["diskUsed"]).toBe(4);
    await writer["abort"]!();
    expect(payer.used["diskUsed"]).toBe(0);
    for (const text of ["01234567", "89"]) {
      const one = await opened(files["openWriter"]!("x"));
      await one["write"]!(text);
      await one["close"]!();
      expect(payer.used["diskUsed"]).toBe(text.length);
    }
  });

  test("that the account refuses changes nothing", async () => {
    const files = callsOf(tree());
    await files["writeText"]!("x", "0123456789");
    const poor = newPayer({ diskUsed: 12 });
    caller.payer = poor;
    expect(await outcome(files["append"]!("x", "012"))).toBe("E_QUOTA");
    expect([payer.used["diskUsed"], poor.used["diskUsed"]]).toEqual([10, undefined]);
    await files["append"]!("x", "01");
    expect([payer.used["diskUsed"], poor.used["diskUsed"]]).toEqual([0, 12]);
    expect(await outcome(files["writeText"]!("y", "x"))).toBe("E_QUOTA");
    expect(await outcome(files["append"]!("x", "x"))).toBe("E_QUOTA");
    expect(await files["readText"]!("x")).toBe("012345678901");
    expect(await outcome(files["exists"]!("y"))).toBe(false);
  });

  test("of a tree as a whole is bounded, open files that were removed included", async () => {
    const files = callsOf(tree({}, { maxFileBytes: 40 * 1024 * 1024 }));
    await files["writeBytes"]!("a", new Uint8Array(40 * 1024 * 1024));
    const file = await opened(files["open"]!("a", { write: true }));
    await files["remove"]!("a");
    expect(await outcome(files["writeBytes"]!("b", new Uint8Array(30 * 1024 * 1024)))).toBe("E_TOO_LARGE");
    await file["close"]!();
    expect(await outcome(files["writeBytes"]!("b", new Uint8Array(30 * 1024 * 1024)))).toBeUndefined();
  });
});
