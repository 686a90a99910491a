// Mutants of artifacts: each inserted sequence removed, moved, weakened, jumped over, or aimed elsewhere. The list is
// that at the end of shared/reference/security.md, and some more.
import { confine, GLOBAL, IMPORTS, type Mode, RESERVED_GLOBALS, TRAMPOLINES } from "../../kernel/index.ts";
import { type Bytes, type Code, encode, encodeAll, type Instruction, leb } from "../kit/assemble.ts";
import { decodeModule, type Seen } from "../kit/disassemble.ts";
import { append, concat, editBody, editSection } from "../kit/surgery.ts";
import { at, type Inserted, insertedIn, type Kind, LENGTH } from "./inserted.ts";

export interface Mutant {
  readonly name: string;
  readonly bytes: Bytes;
}

const span = (one: Inserted): [number, number] => [at(one, one.from).at, at(one, one.to - 1).end];

type Edit = (bytes: Bytes, one: Inserted) => Bytes | undefined;

const cut: Edit = (bytes, one) => editBody(bytes, one.body, ...span(one), []);

/** The sequence stands one instruction later than it should. */
const later: Edit = (bytes, one) => {
  const [from, to] = span(one);
  const next = one.seen[one.to];
  if (next === undefined) return undefined;
  return editBody(bytes, one.body, from, next.end, concat([bytes.subarray(to, next.end), bytes.subarray(from, to)]));
};

/** What leaves a settled number settled: settling before it does as well. */
const KEEPS_SETTLED = /^local\.tee$|^f..\.abs$/;

const earlier: Edit = (bytes, one) => {
  const [from, to] = span(one);
  const before = one.seen[one.from - 1];
  if (before === undefined || (one.kind === "settle" && KEEPS_SETTLED.test(before.name))) return undefined;
  return editBody(bytes, one.body, before.at, to, concat([bytes.subarray(from, to), bytes.subarray(before.at, from)]));
};

/** A branch, always taken, over the sequence. */
const jumped: Edit = (bytes, one) => {
  const [from, to] = span(one);
  const open = encodeAll([
    ["block", ""],
    ["i32.const", 1],
    ["br_if", 0],
  ]);
  return editBody(
    bytes,
    one.body,
    from,
    to,
    concat([Uint8Array.from(open), bytes.subarray(from, to), Uint8Array.of(0x0b)]),
  );
};

const replaceAt =
  (offset: number, by: (seen: Seen) => Instruction): Edit =>
  (bytes, one) => {
    const target = at(one, one.from + offset);
    return editBody(bytes, one.body, target.at, target.end, encode(by(target)));
  };

const addTo = (offset: number, amount: number): Edit =>
  replaceAt(offset, ({ first }) => ["i32.const", (first as number) + amount]);
const constantAt = (offset: number, value: number): Edit => replaceAt(offset, () => ["i32.const", value]);
const globalAt = (offset: number, index: number): Edit => replaceAt(offset, ({ name }) => [name, index]);

const ANOTHER = RESERVED_GLOBALS; // the guest's first global, which programs of the kit have
const EVERY: Readonly<Record<string, Edit>> = {
  removed: cut,
  "one later": later,
  "one earlier": earlier,
  "jumped over": jumped,
};

const CHARGES = (cost: number): Record<string, Edit> => ({
  "a smaller weight": addTo(cost, -1),
  "a larger weight": addTo(cost, 1),
  "no weight": constantAt(cost, 0),
  "a negative weight": constantAt(cost, -1),
  "charged to another global": globalAt(cost + 2, ANOTHER),
  "charged from another global": globalAt(cost - 1, ANOTHER),
  "added, not taken": replaceAt(cost + 1, () => ["i32.add"]),
});

const EDITS: Readonly<Record<Kind, Record<string, Edit>>> = {
  enter: {
    ...CHARGES(1),
    "a smaller frame": addTo(5, -8),
    "no frame": constantAt(5, 0),
    "depth charged to fuel": globalAt(7, GLOBAL.fuel),
    "depth charged to another global": globalAt(7, ANOTHER),
    "only fuel looked at": globalAt(9, GLOBAL.fuel),
    "only depth looked at": globalAt(8, GLOBAL.depth),
    "both must be negative": replaceAt(10, () => ["i32.and"]),
    "a lower bar": constantAt(11, -1_000_000),
    "the other sign": replaceAt(12, () => ["i32.gt_s"]),
    "no refuel": replaceAt(14, () => ["nop"]),
    "another function than refuel": replaceAt(14, () => ["call", IMPORTS.length + TRAMPOLINES.length]),
  },
  charge: {
    ...CHARGES(1),
    "a lower bar": constantAt(5, -1_000_000),
    unsigned: replaceAt(6, () => ["i32.lt_u"]),
    "another global looked at": globalAt(4, ANOTHER),
    "pages looked at": globalAt(4, GLOBAL.pages),
    "no refuel": replaceAt(8, () => ["nop"]),
  },
  leave: {
    "more depth than taken": addTo(1, 8),
    "less depth than taken": addTo(1, -8),
    "taken once more": replaceAt(2, () => ["i32.sub"]),
    "given to fuel": globalAt(3, GLOBAL.fuel),
    "given to another global": globalAt(3, ANOTHER),
  },
  settle: {
    "the other operand": (bytes, one) => swap(bytes, one, 1, 2),
    "not equal": replaceAt(4, ({ name }) => [name.replace("eq", "ne")]),
    "another NaN": (bytes, one) => otherNan(bytes, one),
  },
  confine: {
    "a larger mask": (bytes, one) => constantAt(0, at(one, one.from).first as number | 0x4000_0000)(bytes, one),
    "all ones": constantAt(0, -1),
    "or for and": replaceAt(1, () => ["i32.or"]),
    "another base": replaceAt(2, ({ first }) => ["local.get", Math.max(0, (first as number) - 1)]),
    "base taken away": replaceAt(3, () => ["i32.sub"]),
    "base read anew": replaceAt(2, () => ["global.get", GLOBAL.base]),
    "changed afterwards": (bytes, one) => insertAfter(bytes, one, [["i32.const", 8], ["i32.add"]]),
    "mask last": (bytes, one) => rotate(bytes, one, 2),
  },
  base: {
    "another global": globalAt(0, ANOTHER),
    pages: globalAt(0, GLOBAL.pages),
    "another local": replaceAt(1, ({ first }) => ["local.set", Math.max(0, (first as number) - 1)]),
    "a constant": replaceAt(0, () => ["i32.const", 0]),
  },
};

const part = (bytes: Bytes, one: Inserted, index: number): Uint8Array => {
  const { at: from, end } = at(one, one.from + index);
  return bytes.subarray(from, end);
};
const indices = (one: Inserted): number[] => Array.from({ length: one.to - one.from }, (_, index) => index);

const reorder = (bytes: Bytes, one: Inserted, order: readonly number[]): Bytes =>
  editBody(bytes, one.body, ...span(one), concat(order.map((index) => part(bytes, one, index))));

const swap = (bytes: Bytes, one: Inserted, a: number, b: number): Bytes =>
  reorder(
    bytes,
    one,
    indices(one).map((index) => (index === a ? b : index === b ? a : index)),
  );

const rotate = (bytes: Bytes, one: Inserted, by: number): Bytes =>
  reorder(
    bytes,
    one,
    indices(one).map((index) => (index + by) % (one.to - one.from)),
  );

function otherNan(bytes: Bytes, one: Inserted): Bytes {
  const copy = Uint8Array.from(bytes);
  const byte = at(one, one.from + 1).at + 1;
  copy[byte] = (copy[byte] as number) ^ 1;
  return copy;
}

const insertAfter = (bytes: Bytes, one: Inserted, code: Code): Bytes =>
  editBody(bytes, one.body, ...twice(span(one)[1]), encodeAll(code));
const twice = (place: number): [number, number] => [place, place];

/** Every mutant of one inserted sequence. */
export function mutantsOf(bytes: Bytes, one: Inserted): Mutant[] {
  return Object.entries({ ...EVERY, ...EDITS[one.kind] }).flatMap(([name, edit]) => {
    const mutated = edit(bytes, one);
    return mutated === undefined ? [] : [{ name: `${one.kind} of body ${one.body}: ${name}`, bytes: mutated }];
  });
}

/** Each bit of each inserted byte, flipped. */
export function* flipsOf(bytes: Bytes, one: Inserted): Generator<Mutant> {
  const [from, to] = span(one);
  for (let bit = from * 8; bit < to * 8; bit++) {
    const copy = Uint8Array.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    yield { name: `${one.kind} of body ${one.body}: bit ${bit & 7} of byte ${bit >> 3}`, bytes: copy };
  }
}

/** Guest code that does what only inserted code may, put to the end of a body's own code. */
export function intrusions(bytes: Bytes, body: number, mode: Mode): Mutant[] {
  const { seen } = insertedIn(bytes, body, mode)[0] as Inserted;
  const end = (seen.at(-6) as Seen).at;
  const put = (name: string, code: Code): Mutant => ({
    name: `body ${body}: ${name}`,
    bytes: editBody(bytes, body, end, end, encodeAll(code)),
  });
  const reserved = [...Array(RESERVED_GLOBALS).keys()].flatMap((index) => [
    put(`reads reserved global ${index}`, [["global.get", index], ["drop"]]),
    put(`writes reserved global ${index}`, [
      ["i32.const", 0x7fff_ffff],
      ["global.set", index],
    ]),
  ]);
  const raw = IMPORTS.map(({ name, params }, index) =>
    put(`calls the raw import ${name}`, [
      ...Array.from({ length: params }, (): Instruction => ["i32.const", 0]),
      ["call", index],
      ["drop"],
    ]),
  );
  return [
    ...reserved,
    ...raw,
    put("calls refuel", [["call", IMPORTS.length]]),
    put("skips LEAVE by br", [["br", 1]]),
    put("skips LEAVE by br_if", [
      ["i32.const", 1],
      ["br_if", 1],
    ]),
    put("skips LEAVE by br_table", [
      ["i32.const", 1],
      ["br_table", [0, 1]],
    ]),
    put("skips LEAVE by br_table from within", [["block", ""], ["i32.const", 1], ["br_table", [0, 1, 2]], ["end"]]),
    put("skips LEAVE by return", [["return"]]),
    put("memory.size", [["memory.size"], ["drop"]]),
    put("memory.grow", [["i32.const", 1], ["memory.grow"], ["drop"]]),
    put("memory.fill", [["i32.const", 1], ["i32.const", 1], ["i32.const", 1], ["memory.fill"]]),
    put("memory.copy", [["i32.const", 1], ["i32.const", 1], ["i32.const", 1], ["memory.copy"]]),
    // Read as a plain access of memory 0, the offset would be an instruction, and the verifier out of step with the host.
    put("a load that names its memory", [["i32.const", 0], Uint8Array.of(0x28, 0x42, 0, 1), ["drop"]]),
    put("a store that names its memory", [["i32.const", 0], ["i32.const", 0], Uint8Array.of(0x36, 0x42, 0, 1)]),
    put("a loop without a charge", [["loop", ""], ["i32.const", 0], ["br_if", 0], ["end"]]),
    ...(mode.kind === "segment" ? segmentIntrusions(mode, seen, put) : []),
  ];
}

function segmentIntrusions(
  { mask, guard }: Extract<Mode, { kind: "segment" }>,
  seen: readonly Seen[],
  put: (name: string, code: Code) => Mutant,
): Mutant[] {
  const base = seen[LENGTH.enter + 1]?.first as number;
  const other = 0; // programs of the kit have an i32 as their first parameter or local
  const confined: Code = [["i32.const", 16], Uint8Array.from(confine(mask, base))];
  return [
    put("the base set", [
      ["i32.const", 0],
      ["local.set", base],
    ]),
    put("the base teed over", [["i32.const", 0], ["local.tee", base], ["drop"]]),
    put("the base read", [["local.get", base], ["drop"]]),
    put("an address of no kind", [["i32.const", 16], ["i32.load", 0], ["drop"]]),
    put("a confined address used twice", [
      ...confined,
      ["local.tee", other],
      ["i32.load", 0],
      ["drop"],
      ["local.get", other],
      ["i32.load", 64],
      ["drop"],
    ]),
    put("a confined address moved on", [...confined, ["i32.const", 4096], ["i32.add"], ["i32.load", 0], ["drop"]]),
    put("a confined address out of a block", [["block", "i"], ...confined, ["end"], ["i32.load", 0], ["drop"]]),
    put("a confined address out of an if", [
      ["i32.const", 1],
      ["if", "i"],
      ...confined,
      ["else"],
      ["i32.const", -1],
      ["end"],
      ["i32.load", 0],
      ["drop"],
    ]),
    put("a confined address chosen", [
      ...confined,
      ["i32.const", -1],
      ["i32.const", 0],
      ["select"],
      ["i32.load", 0],
      ["drop"],
    ]),
    put("a value stored where the address should be confined", [["i32.const", -4], ...confined, ["i32.store", 0]]),
    put("an offset beyond the guard", [...confined, ["i32.load", guard - 3], ["drop"]]),
    put("an offset of four gigabytes", [...confined, ["i32.load8_u", 0xffff_ffff], ["drop"]]),
  ];
}

/** Trampolines one bit or one byte off, among them the resumption that does not call `enter`. */
export function* trampolineMutants(bytes: Bytes): Generator<Mutant> {
  const { bodies } = decodeModule(bytes);
  for (const [index, { name }] of TRAMPOLINES.entries()) {
    const { at: from, end } = bodies[index] as { at: number; end: number };
    for (let bit = from * 8; bit < end * 8; bit++) {
      const copy = Uint8Array.from(bytes);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
      yield { name: `trampoline ${name}: bit ${bit - from * 8}`, bytes: copy };
    }
    yield { name: `trampoline ${name}: one byte more`, bytes: editBody(bytes, index, end - 1, end - 1, [1]) };
    yield { name: `trampoline ${name}: none`, bytes: editBody(bytes, index, from + 1, end - 1, []) };
  }
}

const callOf = (index: number): number[] => [0x10, ...leb(index)];
const importNamed = (name: string): number => IMPORTS.findIndex((row) => row.name === name);

/** Resumptions that do not reinstall the guest's state. */
export function resumptionMutants(bytes: Bytes): Mutant[] {
  const { bodies } = decodeModule(bytes);
  return TRAMPOLINES.flatMap(({ name }, index) => {
    const { at: from, end } = bodies[index] as { at: number; end: number };
    const pattern = [...callOf(importNamed("yield")), ...callOf(importNamed("enter"))];
    const place = bytes.findIndex((_, i) => i >= from && i < end && pattern.every((byte, j) => bytes[i + j] === byte));
    if (place < 0) return [];
    const without = editBody(bytes, index, place + 2, place + 4, []);
    const twiceEntered = editBody(bytes, index, place, place + 2, [0x41, 0]);
    return [
      { name: `${name}: yields and does not enter`, bytes: without },
      { name: `${name}: enters without yielding`, bytes: twiceEntered },
    ];
  });
}

const text = (name: string): number[] => [name.length, ...new TextEncoder().encode(name)];
type Row = ReturnType<typeof decodeModule>["exports"][number];

/** Exports of globals that are missing, of others, under other names, in another order, or at another place. */
export function exportMutants(bytes: Bytes): Mutant[] {
  const { exports, globals } = decodeModule(bytes);
  const edit = (name: string, rows: readonly Row[]): Mutant => ({
    name,
    bytes: editSection(bytes, 7, () => [
      ...leb(rows.length),
      ...rows.flatMap((row) => [...text(row.name), row.kind, ...leb(row.index)]),
    ]),
  });
  const each = globals.flatMap((_, index) => {
    const row = exports[index] as Row;
    const others = exports.filter((one) => one !== row);
    return [
      edit(`global ${index} not exported`, others),
      edit(`global ${index} exported last`, [...others, row]),
      edit(`global ${index} exported twice`, [...exports, { ...row, name: `cordon.${globals.length}` }]),
      edit(`global ${index} under its number or no name`, exports.with(index, { ...row, name: `cordon.0${index}` })),
      edit(`global ${index} under a free name`, exports.with(index, { ...row, name: "x" })),
      edit(
        `global ${index} a function`,
        exports.with(index, { ...row, kind: 0, index: exports.at(-1)?.index as number }),
      ),
      ...globals
        .filter((_other, other) => other !== index)
        .map((_other, other) =>
          edit(`global ${index} another`, exports.with(index, { ...row, index: other < index ? other : other + 1 })),
        ),
    ];
  });
  return [
    ...each,
    edit("no exports of globals", exports.slice(globals.length)),
    { name: "one global more", bytes: append(bytes, 6, [0x7f, 1, 0x41, 0, 0x0b]) },
    { name: "one constant more", bytes: append(bytes, 6, [0x7e, 0, 0x42, 0, 0x0b]) },
  ];
}

/** Raw gates and what is not the guest's, in places other than calls. */
export function layoutMutants(bytes: Bytes): Mutant[] {
  const place = [0, 0x41, 0, 0x0b];
  const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
  const forbidden = [...IMPORTS.keys(), IMPORTS.length];
  return [
    ...forbidden.map((index) => ({ name: `element ${index}`, bytes: append(bytes, 9, [...place, 1, ...leb(index)]) })),
    ...forbidden.map((index) => ({
      name: `export ${index}`,
      bytes: append(bytes, 7, [...name("x"), 0, ...leb(index)]),
    })),
    { name: "the memory exported", bytes: append(bytes, 7, [...name("m"), 2, 0]) },
    { name: "the table exported", bytes: append(bytes, 7, [...name("t"), 1, 0]) },
    { name: "a global exported", bytes: append(bytes, 7, [...name("g"), 3, 0]) },
    {
      name: "a reserved name",
      bytes: append(bytes, 7, [...name("cordon.x"), 0, ...leb(IMPORTS.length + TRAMPOLINES.length)]),
    },
    {
      name: "an entry with parameters",
      bytes: append(bytes, 7, [...name("cordon_turn"), 0, ...leb(IMPORTS.length + TRAMPOLINES.length)]),
    },
    { name: "a memory of its own", bytes: Uint8Array.from(withSection(bytes, 5, [1, 0, 1])) },
    { name: "a start function", bytes: Uint8Array.from(withSection(bytes, 8, leb(IMPORTS.length))) },
    { name: "one import more", bytes: append(bytes, 2, [...name("cordon"), ...name("more"), 0, 0]) },
  ];
}

/** Puts a section in front of the first that has to come after it. */
function withSection(bytes: Bytes, id: number, payload: readonly number[]): Uint8Array {
  const { sections } = decodeModule(bytes);
  const next = sections.find((one) => one.id > id)?.at as number;
  return concat([bytes.subarray(0, next), Uint8Array.from([id, payload.length, ...payload]), bytes.subarray(next)]);
}
