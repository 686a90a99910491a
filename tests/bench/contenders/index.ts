// Who takes part. A contender that cannot be loaded is missing, with the reason, and never silently absent.
import { reason } from "../pairs.ts";
import type { Contender, Field } from "../types.ts";

type Load = () => Promise<Contender | readonly Contender[]>;

const DEPENDENCIES: readonly [string, Load][] = [
  ["cordon", async () => (await import("./cordon.ts")).cordon()],
  ["quickjs-wasi", async () => (await import("./quickjs-wasi.ts")).quickjsWasi()],
  ["quickjs-emscripten", async () => (await import("./quickjs-emscripten.ts")).quickjsEmscripten()],
];

/** Loaded only on demand: both have to be installed first. */
const PEERS: readonly [string, Load][] = [
  ["isolated-vm", async () => (await import("./isolated-vm.ts")).isolatedVm()],
  ["run", async () => (await import("./run.ts")).runPackage()],
];

export async function gather(withPeers: boolean): Promise<Field> {
  const missing = new Map<string, string>(withPeers ? [] : PEERS.map(([name]) => [name, "see npm run bench:peers"]));
  const contenders: Contender[] = [];
  for (const [name, load] of [...DEPENDENCIES, ...(withPeers ? PEERS : [])]) {
    try {
      contenders.push(...[await load()].flat());
    } catch (thrown) {
      missing.set(name, reason(thrown));
    }
  }
  const cordon = contenders.find(({ name }) => name === "cordon");
  return { contenders, missing, ...(cordon === undefined ? {} : { cordon }) };
}
