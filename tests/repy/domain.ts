// One domain of the real engine that holds emulation and program side, over the same virtual capabilities. Handles of
// the base are numbers here.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../embed/cordon.ts";
import type { Table } from "./crossing.ts";
import type { Cause } from "./harness.ts";

const STDLIB = join(import.meta.dirname, "../../stdlib/repy");

/** The base as one function: an object below is a number above. */
function dispatcher(base: Readonly<Record<string, object>>) {
  const objects: Table[] = Object.values(base) as Table[];
  const isHandle = (value: unknown): value is Table =>
    typeof value === "object" && value !== null && Object.values(value).some((item) => typeof item === "function");
  function up(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(up);
    if (ArrayBuffer.isView(value) || typeof value !== "object" || value === null) return value;
    if (isHandle(value)) return { handle: objects.push(value) - 1, methods: Object.keys(value) };
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, up(item)]));
  }
  const call = async (handle: number, method: string, args: unknown[]): Promise<unknown> =>
    up(await objects[handle]?.[method]?.(...args));
  const shape = Object.entries(base).map(([name, object], handle) => [name, handle, Object.keys(object)]);
  return { call, shape };
}

const BOOT = `
import { makeRepy } from "emulation/index.js";
import { createProgram } from "program/index.js";
const objectOf = ({ handle, methods }) =>
  Object.fromEntries(methods.map((method) => [method, async (...args) => up(await below.call(handle, method, args))]));
const up = (value) => {
  if (Array.isArray(value)) return value.map(up);
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value)) return value;
  if ("handle" in value) return objectOf(value);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, up(item)]));
};
const base = Object.fromEntries(given.shape.map(([name, handle, methods]) => [name, objectOf({ handle, methods })]));
const { promise: ended, resolve } = Promise.withResolvers();
base.life = { end: resolve };
const table = await makeRepy(base, given.restrictions);
const side = createProgram({ table, args: given.args });
side.context.set("compute", (seconds) => base.usage.compute(seconds * 1000));
export default await Promise.race([ended, side.run(given.text, given.name)]);
`;

export interface DomainRun {
  readonly base: Readonly<Record<string, object>>;
  readonly restrictions: string;
  readonly args: readonly string[];
  readonly text: string;
  readonly name: string;
}

export async function runInDomain({ base, ...given }: DomainRun): Promise<Cause> {
  const { call, shape } = dispatcher(base);
  const result = await run({
    source: BOOT,
    kind: "module",
    inputs: { given: { ...given, shape } },
    grant: { below: { call } },
    modules: (specifier, referrer) => {
      const path = specifier.startsWith(".") ? join(referrer, "..", specifier) : specifier;
      return { name: path, source: readFileSync(join(STDLIB, path), "utf8") };
    },
  });
  if (result.status === "returned") return result.value as Cause;
  throw new Error(`the domain ended: ${JSON.stringify(result)}`);
}
