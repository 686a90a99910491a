// What keeps the embedder's process alive: what it awaits of a guest, wherever that lives, and nothing else.
import { expect, test } from "vitest";
import { scripts } from "./script.ts";

const { runScript } = scripts();

test.for(["inline", "worker", "process"])(
  "a call of what a guest offers is awaited, and then no more, %s",
  (isolation) => {
    const ended = runScript(
      isolation,
      `const { arg, capability, contract, handle, integer, nothing } = libs;
     const said = { allows: "", never: "" };
     const PLUG = contract({ ...said, name: "plug", calls: { ping: { takes: [], gives: integer(), refuses: [] } } });
     const takes = [arg("plug", handle(PLUG))];
     const SINK = contract({ ...said, name: "sink", calls: { take: { takes, gives: nothing(), refuses: [] } } });
     const kept = [];
     const grant = { sink: capability(SINK, { take: (plug) => void kept.push(plug) }) };
     const pool = await cordon.createPool({ isolation: ${JSON.stringify(isolation)}, workers: 1 });
     const slow = "await sink.take({ ping: () => new Promise((go) => setTimeout(() => go(5), 300)) })";
     const [box, other] = await Promise.all([pool.createSandbox({ grant }), pool.createSandbox({ grant })]);
     for (const one of [box, other]) await one.run(slow);
     console.log(await kept[0].functions.ping());
     const cut = kept[1].functions.ping().catch((error) => console.log(error.code));
     other.dispose();
     await cut;`,
    );
    expect(ended).toMatchObject({ stdout: "5\nE_REVOKED\n", stderr: "", status: 0, signal: null });
  },
);
