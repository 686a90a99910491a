// The host's realm as an attack must leave it: intrinsics that no guest may change.

const INTRINSICS: readonly object[] = [
  ...[Object, Array, Function, Promise, Error, Map, Set, RegExp, Reflect, JSON, Math, Symbol, String],
  ...[Object, Array, Function, Promise, Error, Map, Set, RegExp, String, Number, Symbol].map((type) => type.prototype),
  ...[Date.prototype, Uint8Array.prototype, Object.getPrototypeOf(Uint8Array.prototype)],
];

type Shape = ReadonlyMap<PropertyKey, unknown>;

/** Keys with their values; for accessors the getter. Reads no property, so it runs no code of anybody's. */
function shapeOf(object: object): Shape {
  const properties = Object.getOwnPropertyDescriptors(object) as Record<PropertyKey, PropertyDescriptor>;
  const keys = Reflect.ownKeys(properties);
  const shape = keys.map((key): [PropertyKey, unknown] => [key, properties[key]?.get ?? properties[key]?.value]);
  return new Map([...shape, ["prototype of this", Object.getPrototypeOf(object)]]);
}

const differs = (a: Shape, b: Shape): boolean =>
  a.size !== b.size || [...a].some(([key, value]) => !b.has(key) || !Object.is(b.get(key), value));

/** Node replaces some global accessors by values at first use, so of the global object only the keys count. */
const globals = (): string => Reflect.ownKeys(globalThis).map(String).join();

/** Remembers the intrinsics and `others`; the function it gives says what has changed since. */
export function watch(others: Readonly<Record<string, unknown>>): () => string[] {
  const granted = Object.values(others).flatMap((each) => [each, ...Object.values(each as object)]);
  const objects = [...INTRINSICS, ...(granted as object[])];
  const [before, names] = [objects.map(shapeOf), globals()];
  return () => {
    const changed = objects.map((object, i) => differs(before[i]!, shapeOf(object)));
    const intrinsics = changed.lastIndexOf(true, INTRINSICS.length - 1) >= 0 || names !== globals();
    const hosts = changed.includes(true, INTRINSICS.length);
    return [...(intrinsics ? ["the host's intrinsics changed"] : []), ...(hosts ? ["a host object changed"] : [])];
  };
}
