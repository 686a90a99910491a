// Places of files to hold the contract against, and how tests call them.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FilesBounds, filesOf, type Granted, tree } from "../../policy-libs/index.ts";
import { checkedPlace } from "../../policy-libs/node/directory-checked.ts";
import { directory } from "../../policy-libs/node/index.ts";

export type Call = (...args: unknown[]) => Promise<unknown>;
export type Calls = Readonly<Record<string, Call>>;

export const BOUNDS: FilesBounds = { maxFileBytes: 100_000, maxEntries: 50, maxOpen: 20 };

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (given: unknown): string => new TextDecoder().decode(given as Uint8Array);
export const callsOf = (granted: unknown): Calls => (granted as Granted).functions as unknown as Calls;

/** "E_NOT_FOUND" if the call is refused so, else what it gave. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  return await call.catch((error: { readonly code?: string }) => error.code ?? error);
}

/** What was opened, as its calls; throws the refusal. */
export const opened = async (call: Promise<unknown>): Promise<Calls> => callsOf(await call);

/** A directory of the host with `inside` to grant, which has a.txt and folder/b.txt, and secret.txt beside it. */
export interface World {
  readonly root: string;
  inside(...names: string[]): string;
  end(): void;
}

export function newWorld(prefix = "cordon-files-", base = tmpdir()): World {
  const root = realpathSync(mkdtempSync(join(base, prefix)));
  mkdirSync(join(root, "inside/folder"), { recursive: true });
  writeFileSync(join(root, "inside/a.txt"), "alpha");
  writeFileSync(join(root, "inside/folder/b.txt"), "beta");
  writeFileSync(join(root, "secret.txt"), "secret");
  return {
    root,
    inside: (...names) => join(root, "inside", ...names),
    end: () => rmSync(root, { recursive: true, force: true }),
  };
}

export const CONTENTS = { "a.txt": "alpha", folder: { "b.txt": "beta" } };

export const PLACES: Readonly<Record<string, (world: World) => Granted>> = {
  "in memory": () => tree(CONTENTS, BOUNDS),
  "of a directory": (world) => directory(world.inside(), BOUNDS),
  "of a directory, checked": (world) => filesOf(checkedPlace(world.inside(), BOUNDS, true)),
};

export const REAL = Object.keys(PLACES).slice(1);

/** Every name in a directory of the host, also those that guests do not see. */
export const namesOf = (path: string): string[] => readdirSync(path).sort();
export const descriptors = (): number => readdirSync("/proc/self/fd").length;
