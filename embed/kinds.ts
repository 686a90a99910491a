// What a host object really is, asked of its internal slots and not of what it says of itself.
import { TAG } from "../stdlib/abi.ts";

type Getter = (this: unknown) => unknown;
const getterOf = (prototype: object, name: PropertyKey): Getter =>
  Object.getOwnPropertyDescriptor(prototype, name)?.get as Getter;

const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const mapSize = getterOf(Map.prototype, "size");
const setSize = getterOf(Set.prototype, "size");
const TYPED = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedName = getterOf(TYPED, Symbol.toStringTag);
const [typedBuffer, typedOffset, typedLength] = ["buffer", "byteOffset", "byteLength"].map((name) =>
  getterOf(TYPED, name),
) as [Getter, Getter, Getter];
const [getTime, forEachOfMap, forEachOfSet] = [Date.prototype.getTime, Map.prototype.forEach, Set.prototype.forEach];
const sourceOf = getterOf(RegExp.prototype, "source");

export type Kind = "Date" | "Map" | "Set" | "RegExp" | "Error" | "ArrayBuffer";

/** Each test throws a TypeError unless the object has the slots. A test refuses RegExp.prototype itself. */
const BRANDS: readonly (readonly [Kind, (value: object) => unknown])[] = [
  ["Date", (value) => getTime.call(value as Date)],
  ["Map", (value) => mapSize.call(value)],
  ["Set", (value) => setSize.call(value)],
  ["ArrayBuffer", (value) => bufferLength.call(value)],
  ["RegExp", (value) => isExpression(value) || refuseBrand()],
];

const refuseBrand = (): never => {
  throw new TypeError();
};
const isExpression = (value: object): boolean => value !== RegExp.prototype && sourceOf.call(value) !== undefined;

/** Prototypes of the usual kinds, so that most objects need one look. */
const USUAL: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  [Date.prototype, "Date"],
  [Map.prototype, "Map"],
  [Set.prototype, "Set"],
  [ArrayBuffer.prototype, "ArrayBuffer"],
  [RegExp.prototype, "RegExp"],
]);

const isError = (Error as { isError?: (value: unknown) => boolean }).isError ?? ((value) => value instanceof Error);

export function kindOf(value: object): Kind | undefined {
  if (isError(value) || value instanceof Error) return "Error";
  const usual = USUAL.get(Object.getPrototypeOf(value));
  for (const [kind, test] of BRANDS) if ((usual === undefined || usual === kind) && passes(test, value)) return kind;
  return undefined;
}

function passes(test: (value: object) => unknown, value: object): boolean {
  try {
    test(value);
    return true;
  } catch {
    return false;
  }
}

export const timeOf = (value: object): number => getTime.call(value as Date);

export function entriesOf(value: object): (readonly [unknown, unknown])[] {
  const entries: (readonly [unknown, unknown])[] = [];
  forEachOfMap.call(value as Map<unknown, unknown>, (item, key) => {
    entries.push([key, item]);
  });
  return entries;
}

export function membersOf(value: object): unknown[] {
  const members: unknown[] = [];
  forEachOfSet.call(value as Set<unknown>, (item) => {
    members.push(item);
  });
  return members;
}

const FLAGS = ["hasIndices", "global", "ignoreCase", "multiline", "dotAll", "unicode", "unicodeSets", "sticky"];
const FLAG_GETTERS = FLAGS.map((name) => getterOf(RegExp.prototype, name));

/** [source, flags], in the order of the specification, without asking an overridden `flags`. */
export function expressionOf(value: object): readonly string[] {
  const flags = FLAG_GETTERS.map((getter, i) => (getter?.call(value) === true ? "dgimsuvy"[i] : "")).join("");
  return [String(sourceOf.call(value)), flags];
}

/** Tags of typed arrays; 0 is plain bytes. */
const ELEMENT_TAGS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ["Uint8Array", 0],
  ["Uint8ClampedArray", TAG.U8_CLAMPED],
  ["Uint16Array", TAG.U16],
  ["Uint32Array", TAG.U32],
  ["BigUint64Array", TAG.U64],
  ["Int8Array", TAG.I8],
  ["Int16Array", TAG.I16],
  ["Int32Array", TAG.I32],
  ["BigInt64Array", TAG.I64],
  ["Float32Array", TAG.F32],
  ["Float64Array", TAG.F64],
]);

export const elementTag = (view: ArrayBufferView): number | undefined => ELEMENT_TAGS.get(typedName.call(view));

/** The bytes of a typed array, whatever properties of its own it has. */
export const bytesOf = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(
    typedBuffer.call(view) as ArrayBuffer,
    typedOffset.call(view) as number,
    typedLength.call(view) as number,
  );

/** Another realm's Object.prototype, such as a `vm` context's. */
export const isForeignRecord = (prototype: object): boolean =>
  Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "__lookupGetter__");

const quietly = (read: () => unknown): unknown => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** For a message: "a Promise", "an instance of Account". */
export function describe(value: object): string {
  if (value instanceof Promise) return "a Promise (await it first)";
  if (typeof quietly(() => (value as { then?: unknown }).then) === "function") return "a thenable";
  const maker = quietly(() => value.constructor) as { name?: unknown } | undefined;
  const name = quietly(() => maker?.name);
  const isBuiltIn = typeof name === "string" && (globalThis as Record<string, unknown>)[name] === maker;
  if (typeof name !== "string" || name === "") return "an instance of a class";
  return isBuiltIn ? `a ${name}` : `an instance of ${name.slice(0, 100)}`;
}

export interface ErrorParts {
  readonly fields: readonly (readonly [string, unknown])[];
  /** Texts that the system put into the message and that tell of the host. */
  readonly secrets: readonly string[];
}

const isText = (value: unknown): value is string => typeof value === "string";

/** The parts of an error that cross. Inherited ones count: DOMException has getters. */
export function errorParts(error: Error): ErrorParts {
  const read = (name: string): unknown => quietly(() => (error as unknown as Record<string, unknown>)[name]);
  const own = (name: string): unknown => quietly(() => Object.getOwnPropertyDescriptor(error, name)?.value);
  const [name, message, code, errors] = [read("name"), read("message"), read("code"), own("errors")];
  const fields: (readonly [string, unknown])[] = [
    ["name", isText(name) ? name.slice(0, 200) : "Error"],
    ["message", isText(message) ? message : ""],
  ];
  if (isText(code) || typeof code === "number") fields.push(["code", code]);
  if (Object.hasOwn(error, "cause")) fields.push(["cause", own("cause")]);
  if (Array.isArray(errors)) fields.push(["errors", errors]);
  return { fields, secrets: [own("path"), own("dest")].filter(isText) };
}
