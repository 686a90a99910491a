// What TypeScript infers from contracts. Nothing here runs: `tsc -b` fails where an expectation is wrong.
import {
  type ArgumentsOf,
  any,
  arg,
  boolean,
  bytes,
  type ContractOf,
  capability,
  contract,
  contractFrom,
  type DataOf,
  date,
  type Functions,
  type Granted,
  type GrantedOf,
  handle,
  integer,
  list,
  nothing,
  number,
  oneOf,
  option,
  type ResultOf,
  record,
  rest,
  string,
  type TypeOf,
  union,
} from "../../policy-libs/index.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectType = <_Claim extends true>(): void => undefined;

const FILE = contract({
  name: "file",
  allows: "reading one file",
  never: "writes",
  calls: {
    size: { takes: [], gives: integer(), refuses: ["E_CLOSED"] },
    readAt: {
      takes: [arg("offset", integer({ min: 0 })), arg("most", option(integer()))],
      gives: bytes(),
      refuses: [],
    },
    write: { takes: [arg("to", union(string(), bytes())), rest(number())], gives: nothing(), refuses: [] },
    again: { takes: [], gives: handle("file"), refuses: [], mode: "sync" },
  },
});

const FOLDER = contract({
  name: "folder",
  allows: "reading",
  never: "writes",
  calls: {
    open: { takes: [arg("path", string())], gives: handle(FILE), refuses: [] },
    all: { takes: [], gives: list(record({ name: string(), file: handle(FILE) })), refuses: [] },
    watch: {
      takes: [
        arg(
          "to",
          handle({
            name: "listener",
            allows: "",
            never: "",
            calls: { changed: { takes: [arg("path", string())], gives: nothing(), refuses: "any" } },
          }),
        ),
      ],
      gives: nothing(),
      refuses: [],
    },
  },
});

const types = {
  any: any(),
  nothing: nothing(),
  boolean: boolean(),
  number: number({ min: 1 }),
  string: string({ max: 3 }),
  bytes: bytes(),
  date: date(),
  list: list(option(string())),
  record: record({ a: string(), b: option(number()) }),
  empty: record({}),
  union: union(string(), list(number()), nothing()),
  literals: oneOf("a", 1, null, true),
  byName: handle("file"),
  file: handle(FILE),
};
type Types = typeof types;

expectType<Equal<TypeOf<Types["any"]>, unknown>>();
expectType<Equal<TypeOf<Types["nothing"]>, undefined>>();
expectType<Equal<TypeOf<Types["boolean"]>, boolean>>();
expectType<Equal<TypeOf<Types["number"]>, number>>();
expectType<Equal<TypeOf<Types["string"]>, string>>();
expectType<Equal<TypeOf<Types["bytes"]>, Uint8Array>>();
expectType<Equal<TypeOf<Types["date"]>, Date>>();
expectType<Equal<TypeOf<Types["list"]>, readonly (string | undefined)[]>>();
expectType<Equal<TypeOf<Types["record"]>, { readonly a: string; readonly b?: number | undefined }>>();
expectType<Equal<TypeOf<Types["union"]>, string | readonly number[] | undefined>>();
expectType<Equal<TypeOf<Types["literals"]>, "a" | 1 | null | true>>();
expectType<Equal<TypeOf<Types["byName"]>, Granted>>();
expectType<Equal<TypeOf<Types["file"]>, GrantedOf<typeof FILE>>>();

type Calls = DataOf<typeof FILE>["calls"];
expectType<Equal<ArgumentsOf<Calls["size"]>, []>>();
expectType<Equal<ArgumentsOf<Calls["readAt"]>, [offset: number, most?: number | undefined]>>();
expectType<Equal<ArgumentsOf<Calls["write"]>, [to: string | Uint8Array, ...rest: number[]]>>();
expectType<Equal<ResultOf<Calls["size"]>, number>>();
expectType<Equal<ResultOf<Calls["write"]>, void>>();
expectType<Equal<ResultOf<Calls["again"]>, Granted>>();
expectType<Equal<keyof Functions<typeof FILE>, "size" | "readAt" | "write" | "again">>();
expectType<Equal<ReturnType<Functions<typeof FILE>["size"]>, number | Promise<number>>>();

export const file: GrantedOf<typeof FILE> = capability(FILE, {
  size: () => 3,
  readAt: async (offset, most = 1) => new Uint8Array(offset + most),
  write: (to, ...more) => {
    expectType<Equal<typeof to, string | Uint8Array>>();
    expectType<Equal<typeof more, number[]>>();
  },
  again: (): Granted => file,
});
expectType<Equal<typeof file extends Granted ? true : false, true>>();

export const folder = capability(FOLDER, {
  open: async (path) => {
    expectType<Equal<typeof path, string>>();
    return file;
  },
  all: () => [{ name: "a", file }],
  watch: async (to) => {
    await to.functions.changed("a");
    // @ts-expect-error: the listener takes a path.
    await to.functions.changed(1);
  },
});
/** A capability reads as any other, and its functions keep their types. */
export const asGranted: Granted = folder;
export const size = (await file.functions.size()).toFixed();

const four = { size: () => 3, readAt: () => new Uint8Array(), write: () => {}, again: () => file };
capability(FILE, four);
// @ts-expect-error: a function is missing.
capability(FILE, { size: () => 3 });
// @ts-expect-error: there is no such call.
capability(FILE, { size: () => 3, readAt: () => new Uint8Array(), write: () => {}, again: () => file, more: () => 1 });
// @ts-expect-error: a wrong result.
capability(FILE, { ...four, size: () => "3" });
// @ts-expect-error: a wrong result, later.
capability(FILE, { ...four, size: async () => "3" });
// @ts-expect-error: a parameter that the contract does not give.
capability(FILE, { ...four, readAt: (offset: string) => new Uint8Array(Number(offset)) });
// @ts-expect-error: a capability under another contract.
capability(FOLDER, { open: () => folder, all: () => [], watch: () => {} });

// @ts-expect-error: `gives` is missing.
contract({ name: "x", allows: "", never: "", calls: { a: { takes: [], refuses: [] } } });
// @ts-expect-error: there is no such type.
contract({ name: "x", allows: "", never: "", calls: { a: { takes: [], gives: { type: "float" }, refuses: [] } } });
// @ts-expect-error: a type where a parameter is meant.
contract({ name: "x", allows: "", never: "", calls: { a: { takes: [string()], gives: any(), refuses: [] } } });

/** Code for all contracts does not need to know any. */
export const nameOf = (some: ContractOf<unknown>): string => some.name;
nameOf(FILE);
/** And what comes as plain data has untyped functions. */
export const fromAnybody = (data: unknown): Granted =>
  capability(contractFrom(data), { run: (..._args: unknown[]) => 1 });
