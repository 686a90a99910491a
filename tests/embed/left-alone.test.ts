// What happens when nobody looks: a layer that is idle, a domain that has ended, a task that fails where none may.
import { expect, test } from "vitest";
import { capability, contract, handle, integer, nothing, string, whenUnused } from "../../policy-libs/index.ts";
import { newHand, RELEASE } from "../guarantees/hands.ts";
import { cordon } from "./cordon.ts";
import { sleep } from "./layer-world.ts";

const { layer, run } = cordon;

const JOB = contract({
  name: "job",
  allows: "starting work",
  never: "more",
  calls: { start: { takes: [], gives: nothing(), refuses: [] }, done: { takes: [], gives: integer(), refuses: [] } },
});

test("a timer of a layer that nobody calls waits for the next caller, and does not end it as too late", async () => {
  const source = `let done = 0;
    const work = () => { for (let i = 0; i < 300_000; i++) done++; };
    ({ job: { start() { setTimeout(work, 600); }, done: () => done } })`;
  await using one = await layer({ name: "lazy", source, offers: { job: JOB }, limits: { wall: 400 } });
  expect((await run({ source: "await job.start()", grant: one.grant })).status).toBe("returned");
  await sleep(1_500);
  expect(one.ended()).toBeUndefined();
  expect(await run({ source: "await job.done()", grant: one.grant })).toMatchObject({ status: "returned" });
});

test("a capability that is granted to a domain after its end harms nothing, also where handles were let go", async () => {
  const { domain, call } = newHand();
  const target = { contract: JOB, target: () => Uint8Array.of(0xf7) };
  await call(domain.grant(target) as number, RELEASE);
  domain.end();
  expect(() => domain.grant(target)).not.toThrow();
});

test("a task for the unused that throws reaches neither the guest nor the other tasks", async () => {
  const TEXT = contract({
    name: "text",
    allows: "one text",
    never: "more",
    calls: { read: { takes: [], gives: string(), refuses: [], mode: "sync" } },
  });
  const OPENER = contract({
    name: "opener",
    allows: "opening",
    never: "more",
    calls: { open: { takes: [], gives: handle(TEXT), refuses: [], mode: "sync" } },
  });
  let closed = 0;
  const text = () =>
    whenUnused(capability(TEXT, { read: () => "text" }), () => {
      closed++;
      throw new Error("closing failed");
    });
  const source = "const texts = [opener.open(), opener.open()].map((one) => one.read()); opener.open().read() + texts";
  const result = await run({ source, grant: { opener: capability(OPENER, { open: text }) } });
  expect(result).toMatchObject({ status: "returned", value: "texttext,text" });
  expect(closed).toBe(3);
});
