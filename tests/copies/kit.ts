// Ways to make a copy of a sandbox, as tests want them: all of them have to do the same.
import type { Sandbox, SandboxOptions } from "../../embed/node/index.ts";
import { createSandbox } from "../embed/cordon.ts";

export const KEY = Uint8Array.from({ length: 32 }, (_, i) => i * 11 + 3);

/** `options`: with which the original was made. */
export type Copying = (box: Sandbox, options: SandboxOptions) => Promise<Sandbox>;

const restored: Copying = async (box, options) =>
  createSandbox({ ...options, from: await box.snapshot({ key: KEY }), key: KEY });

export const COPYINGS: Readonly<Record<string, Copying>> = {
  fork: (box) => box.fork(),
  "fork of a fork of a fork": async (box) => (await (await box.fork()).fork()).fork(),
  "fork of what sleeps": async (box) => {
    await box.hibernate();
    return box.fork();
  },
  snapshot: restored,
  "snapshot of a fork": async (box, options) => restored(await box.fork(), options),
  "fork of what was restored": async (box, options) => (await restored(box, options)).fork(),
};
