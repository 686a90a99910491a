// Sleepers and the process: they do not keep it alive, and what was to outlive it does.
import { join } from "node:path";
import { expect, test } from "vitest";
import { createSandbox, fileStore } from "../../embed/node/index.ts";
import { gave } from "../embed/cordon.ts";
import { scripts } from "../pool/script.ts";

const { folder, runScript } = scripts();

test("sandboxes that sleep, are about to, or have timers, keep no process alive", () => {
  const ended = runScript(
    "idle",
    `const store = await cordon.fileStore(${JSON.stringify(join(folder, "idle.cordon"))});
     const stored = cordon.newResidency({ store, after: 5 });
     const later = cordon.newResidency({ after: 600_000 });
     for (const residency of [stored, later, cordon.newResidency({ most: 0 })]) {
       const box = await cordon.createSandbox({ residency });
       await box.run("setTimeout(() => 0, 600_000); setInterval(() => 0, 1_000); 0");
     }
     const own = await cordon.createSandbox({ idle: { after: 600_000 } });
     await own.run("1");
     await new Promise((resolve) => setTimeout(resolve, 100));
     console.log("asleep", stored.asleep(), later.asleep());`,
  );
  expect(ended).toMatchObject({ stdout: "asleep 1 0\n", status: 0, signal: null });
});

test("a sleeper that everybody has forgotten is collected", () => {
  const ended = runScript(
    "forgotten",
    `const { setFlagsFromString } = await import("node:v8");
     setFlagsFromString("--expose-gc");
     const collect = (await import("node:vm")).runInNewContext("gc");
     const residency = cordon.newResidency({ most: 2, after: 20 });
     const gone = [];
     for (let i = 0; i < 10; i++) {
       const box = await cordon.createSandbox({ residency });
       await box.run("globalThis.n = 1");
       gone.push(new WeakRef(box));
     }
     const kept = await cordon.createSandbox({ residency });
     for (let i = 0; i < 100 && (residency.awake() > 0 || gone.filter((one) => one.deref() !== undefined).length > 1); i++) {
       await new Promise((resolve) => setTimeout(resolve, 20));
       collect();
     }
     // The host's engine may still have the last one in a register.
     console.log(gone.filter((one) => one.deref() !== undefined).length <= 1, residency.awake());
     console.log((await kept.run("1")).status);`,
  );
  expect(ended).toMatchObject({ stdout: "true 0\nreturned\n", status: 0 });
});

test("snapshots in a file outlive a process that is killed, and go on in another", async () => {
  const path = join(folder, "kept.cordon");
  const killed = runScript(
    "killed",
    `const store = await cordon.fileStore(${JSON.stringify(path)});
     const residency = cordon.newResidency({ most: 1, store });
     for (let i = 0; i < 4; i++) {
       const box = await cordon.createSandbox({ residency, id: "sleeper" + i });
       await box.run("globalThis.n = " + i + "; globalThis.fired = 0; setTimeout(() => fired++, 1); 0");
       await store.put("snapshot" + i, await box.snapshot());
     }
     process.kill(process.pid, "SIGKILL");`,
  );
  expect(killed).toMatchObject({ signal: "SIGKILL", stderr: "" });
  const store = await fileStore(path);
  for (let i = 0; i < 4; i++) {
    await using box = await createSandbox({ from: await store.get(`snapshot${i}`) });
    expect(gave(await box.run("await new Promise((go) => setTimeout(go, 20)); [n, fired]"))).toEqual([i, 1]);
  }
  await store.close();
});

test("what slept in a process that is gone is no snapshot, and is refused as one", async () => {
  const store = await fileStore(join(folder, "kept.cordon"));
  const ids = (await store.ids()).filter((id) => id.startsWith("sleeper"));
  expect(ids.length).toBeGreaterThan(0);
  for (const id of ids)
    await expect(createSandbox({ from: await store.get(id) })).rejects.toMatchObject({ code: "E_SNAPSHOT" });
  await store.close();
});
