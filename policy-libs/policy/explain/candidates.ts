// Values that an argument could have instead: one of each class that tests tell apart, as near as can be, and what the
// policy remembers.
import { type Asked, type Asking, askingOf } from "../analysis/atoms.ts";
import { argumentClasses } from "../analysis/classes.ts";
import { isOfType } from "../analysis/text-types.ts";
import type { Datum, Joined } from "../resolved.ts";
import type { Argument } from "../vocabulary.ts";
import { nearestTexts } from "./nearest-text.ts";
import type { Scene } from "./types.ts";

/** Values of one argument that are tried, the nearest first. */
const MOST = 64;

const made = new WeakMap<Joined, Asking>();
/** What a policy asks of arguments, found once. */
export function askingIn(joined: Joined): Asking {
  const asking = made.get(joined) ?? askingOf([joined]);
  made.set(joined, asking);
  return asking;
}

const isText = (type: Argument["type"]): boolean => type === "text" || type === "path" || type === "host";

function commonLength(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length += 1;
  return length;
}

/** How far a value is from another one: 0 is the same. A text counts what is not its common beginning. */
export function distance(from: Datum | undefined, to: Datum): number {
  if (from === to) return 0;
  if (typeof from === "number" && typeof to === "number") return Math.abs(to - from);
  if (typeof from === "string" && typeof to === "string") {
    const common = commonLength(from, to);
    return from.length - common + (to.length - common);
  }
  return 1;
}

function numbers(argument: Argument, asking: Asking, value: Datum | undefined): readonly Datum[] {
  const { classes } = argumentClasses(argument, asking, false);
  const bounds = { least: argument.least ?? 0, most: argument.most ?? Number.MAX_SAFE_INTEGER };
  const ranges = [...classes.flatMap(({ range }) => range ?? []), bounds];
  const near = typeof value === "number" ? value : bounds.least;
  return ranges.flatMap(({ least, most }) => [Math.min(Math.max(near, least), most), least, most]);
}

function texts(argument: Argument, asked: Asked | undefined, value: string): readonly Datum[] {
  const { type, least = 0, most = Number.MAX_SAFE_INTEGER } = argument;
  const also = [...(asked?.values ?? [])].map((one) => ({ kind: "is", values: [String(one)] }) as const);
  const atoms = [...(asked?.texts.values() ?? []), ...also];
  return nearestTexts({ type, atoms, cuts: [...(asked?.lengths ?? [])], bounds: { least, most } }, value);
}

/** Values that registers have kept, which may be of any argument. */
const rememberedIn = ({ state }: Scene): readonly Datum[] =>
  Object.values(state).flatMap(({ values }) => values.flatMap(({ slots }) => [...slots.keys()]));

const isOne = ({ type, values }: Argument, datum: Datum): boolean => {
  if (typeof datum !== "string") return typeof datum === (type === "bool" ? "boolean" : "number") && type !== "ip";
  return isText(type) ? isOfType(type, datum) : type === "enum" && values?.includes(datum) === true;
};

export function candidates(scene: Scene, argument: Argument, value: Datum | undefined): readonly Datum[] {
  const asking = askingIn(scene.machine.joined);
  const { type } = argument;
  const kept = rememberedIn(scene).filter((datum) => isOne(argument, datum));
  const own = argumentClasses(argument, asking, false).classes.flatMap(({ witness }) => witness ?? []);
  const near =
    type === "int" || type === "bytes"
      ? numbers(argument, asking, value)
      : isText(type)
        ? texts(argument, asking.get(argument), typeof value === "string" ? value : "")
        : [];
  const all = [...new Set([...near, ...kept, ...own])].filter((datum) => datum !== value);
  return all.sort((a, b) => distance(value, a) - distance(value, b)).slice(0, MOST);
}
