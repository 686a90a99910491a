// Attenuators as a guest meets them: through the gate, under the contract, with the kernel behind them.
import { describe, expect, test } from "vitest";
import { run } from "../../embed/node/index.ts";
import {
  type AuditRecord,
  ask,
  audit,
  leased,
  only,
  quota,
  rate,
  recorded,
  redact,
  replay,
  revocable,
  subtree,
  tee,
  tree,
  without,
} from "../../policy-libs/index.ts";
import { BOX, newWorld } from "./attenuate-world.ts";

/** What the program gives; each line `code(() => ...)` is a result or the code of an error. */
async function guest(source: string, grant: object): Promise<unknown> {
  const prelude = "const code = async (call) => { try { return await call(); } catch (error) { return error.code; } };";
  const result = await run({ source: `${prelude}\n${source}`, grant: grant as never });
  return result.status === "returned" ? result.value : result;
}

describe("a guest behind attenuators", () => {
  test("meets the same contract, and errors with stable codes", async () => {
    const world = newWorld();
    const box = quota(without(only(world.granted, ["read", "count", "open"]), ["cell.set"]), { perCall: { count: 1 } });
    const source = `const cell = await box.open("a");
      return [await code(() => box.read("a")), await code(() => box.write("a", "x")), await code(() => cell.get()),
        await code(() => cell.set("x")), await code(() => box.count(2)), await code(() => box.count(2)), cell.peek()];`;
    expect(await guest(source, { box })).toEqual(["alpha", "E_DENIED", "alpha", "E_DENIED", 2, "E_QUOTA", "alpha"]);
    expect(world.texts.get("a")).toBe("alpha");
  });

  test("files in a folder are all the files there are", async () => {
    const files = subtree(tree({ "secret.txt": "secret", plugin: { "a.txt": "alpha" } }), "plugin");
    const source = `const file = await files.open("a.txt");
      const bytes = await file.readAt(0);
      return [await files.list(), String.fromCharCode(...bytes), await code(() => files.readText("../secret.txt")),
        await code(() => files.readText("secret.txt"))];`;
    expect(await guest(source, { files })).toEqual([
      ...[[{ name: "a.txt", kind: "file" }], "alpha", "E_PATH", "E_NOT_FOUND"],
    ]);
  });

  test("a call that answered at once needs no await when somebody is asked first, or a rate makes it wait", async () => {
    const world = newWorld();
    const asked = ask(world.granted, async ({ args }) => (args[0] === 1 ? "allow" : { deny: "too much" }), {
      calls: ["count"],
    });
    const box = rate(asked, { calls: 1, per: 5, burst: 1 });
    const source = `const first = box.count(1); const second = box.count(1);
      let third; try { third = box.count(7); } catch (error) { third = error.message; }
      return [first, second, third];`;
    expect(await guest(source, { box })).toEqual([1, 2, "too much"]);
  });

  test("revocation reaches handles and calls in flight; the program lives on", async () => {
    const world = newWorld();
    const { granted, revoke } = revocable(world.granted);
    const source = `const cell = await box.open("a");
      const slow = code(() => box.slow("a"));
      tools.revoke();
      return [await slow, await code(() => cell.get()), await code(() => box.read("a")), await code(() => cell.peek())];`;
    const value = await guest(source, { box: granted, tools: { revoke } });
    expect(value).toEqual(["E_REVOKED", "E_REVOKED", "E_REVOKED", "E_REVOKED"]);
    expect(world.signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(world.log.map(({ call }) => call)).toEqual(["open", "slow"]);
  });

  test("a lease ends with E_EXPIRED", async () => {
    const world = newWorld();
    const { granted } = leased(world.granted, 30);
    const source = `const before = box.count(1); const slow = await code(() => box.slow("a"));
      return [before, slow, await code(() => box.count(1))];`;
    expect(await guest(source, { box: granted })).toEqual([1, "E_EXPIRED", "E_EXPIRED"]);
  });

  test("handles go back and forth: what a guest was given is known again, what it offers is called", async () => {
    const world = newWorld();
    const records: AuditRecord[] = [];
    const box = audit(redact(world.granted, [{ text: /alpha/ }]), (entry) => records.push(entry));
    const source = `const cell = await box.open("a");
      let told = "nothing";
      await box.watch({ changed: async (path, cell) => { told = path + ": " + await cell.get(); } });
      await tools.tell();
      return [await cell.get(), told];`;
    const tell = async (): Promise<void> => void (await Promise.all(world.tell("a")));
    expect(await guest(source, { box, tools: { tell } })).toEqual(["[redacted]", "a: [redacted]"]);
    expect(records.filter(({ isBack }) => isBack).map(({ call }) => call)).toEqual(["changed"]);
  });

  test("a recording of a guest's run answers the same program the same way, without the base", async () => {
    const world = newWorld();
    const { granted, recording } = recorded(world.granted);
    const source = `const cell = await box.open("a");
      await cell.set("new");
      return [await box.read("a"), await code(() => box.read("missing")), box.count(3), cell.peek(), (await box.all()).length];`;
    const value = await guest(source, { box: granted });
    expect(value).toEqual(["new", "E_NOT_FOUND", 3, "new", 2]);
    expect(await guest(source, { box: replay(recording(), BOX) })).toEqual(value);
  });

  test("two targets answer as one, with handles", async () => {
    const [one, two] = [newWorld(), newWorld({ a: "alpha", b: "other" })];
    const source = `const cell = await box.open("a");
      return [await cell.get(), await code(() => box.read("b"))];`;
    expect(await guest(source, { box: tee(one.granted, two.granted) })).toEqual(["alpha", "E_DENIED"]);
  });
});
