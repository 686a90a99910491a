// The data section. The host's engine never sees it, since the kernel writes it itself: so all that the engine would have
// refused the decoder and the verifier must, and what they accept must mean what it means to an engine.
import { test as fuzz } from "@fast-check/vitest";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attempt, dataSectionAt, decode, PAGE, type Verified, verify } from "../../kernel/index.ts";
import { assemble, type Bytes, leb, section, signedLeb } from "../kit/assemble.ts";
import { concat, editSection, withCustomSection } from "../kit/surgery.ts";
import { FRAME } from "../kit/victim.ts";
import { artifactBytes } from "../kit/world.ts";

const numRuns = process.env["CORDON_DEEP"] === "1" ? 200_000 : 10_000;
const DATA = 11;

const decoder = new TextDecoder();
const GOOD = artifactBytes(
  assemble({
    pages: 1,
    globals: [{ type: "i", value: 7 }],
    data: [
      { offset: 8, bytes: [1, 2, 3, 4, 5, 6, 7, 8] },
      { offset: 12, bytes: [9, 9] },
      { offset: PAGE - 3, bytes: [5, 6, 7] },
      { offset: 300, bytes: [] },
    ],
    functions: [{ params: "", results: "", code: [], exported: "f" }],
  }),
);

/** As the kernel judges: the engine is given what precedes the data section. Text is why not. */
function judge(bytes: Bytes): Verified | string {
  const judged = attempt(() => {
    const module = decode(bytes, (name) => decoder.decode(name));
    const isValid = WebAssembly.validate(bytes.slice(0, dataSectionAt(bytes, module)));
    return isValid ? verify(bytes, module, FRAME) : "malformed";
  });
  return "rule" in judged ? judged.rule : judged.value;
}

function written(bytes: Bytes, { data, initialPages }: Verified): Uint8Array {
  const memory = new Uint8Array(initialPages * PAGE);
  for (const { to, from, length } of data) memory.set(bytes.subarray(from, from + length), to);
  return memory;
}

/** What an engine makes of the same bytes. */
function instantiated(bytes: Bytes, pages: number): Uint8Array {
  const memory = new WebAssembly.Memory({ initial: pages });
  const names = ["slice", "yield", "enter", "grow", "call", "reply", "receive", "answer"];
  const cordon = { memory, ...Object.fromEntries(names.map((name) => [name, () => 0])) };
  new WebAssembly.Instance(new WebAssembly.Module(bytes), { cordon });
  return new Uint8Array(memory.buffer);
}

const withData = (...payload: number[]): Bytes => editSection(GOOD, DATA, () => payload);
const at = (offset: number): number[] => [0x41, ...signedLeb(offset), 0x0b];
const segment = (offset: number, ...bytes: number[]): number[] => [0, ...at(offset), ...leb(bytes.length), ...bytes];
const withoutData = editSection(GOOD, DATA, () => undefined);
const codeAt = decode(withoutData, String).sections.find(({ id }) => id === 10)?.at as number;
const behind = (...more: number[]): Bytes => concat([GOOD, Uint8Array.from(more)]);

const BAD: Readonly<Record<string, readonly [string, Bytes]>> = {
  "fewer segments than it says": ["malformed", withData(2, ...segment(0, 1))],
  "more segments than it says": ["malformed", withData(1, ...segment(0, 1), ...segment(0, 1))],
  "more segments than it has bytes": ["malformed", withData(0xff, 0xff, 0xff, 0xff, 0x0f)],
  "no count": ["malformed", withData()],
  "a count of six bytes": ["malformed", withData(0x80, 0x80, 0x80, 0x80, 0x80, 0)],
  "a count beyond 32 bits": ["malformed", withData(0x80, 0x80, 0x80, 0x80, 0x10)],
  "a segment longer than the section": ["malformed", withData(1, 0, ...at(0), 5, 1, 2)],
  "a segment of four gigabytes": ["malformed", withData(1, 0, ...at(0), 0xff, 0xff, 0xff, 0xff, 0x0f, 1)],
  "a length beyond 32 bits": ["malformed", withData(1, 0, ...at(0), 0x81, 0x80, 0x80, 0x80, 0x10, 1)],
  "a place whose last byte has bits beyond the 32nd": [
    "malformed",
    withData(1, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x10, 0x0b, 1, 1),
  ],
  "a place whose last byte has no sign": ["malformed", withData(1, 0, 0x41, 0xff, 0xff, 0xff, 0xff, 0x4f, 0x0b, 1, 1)],
  "a place of six bytes": ["malformed", withData(1, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0x0b, 1, 1)],
  "a place without an end": ["V1-globals", withData(1, 0, 0x41, 0, 1, 1)],
  "a place that is a sum": ["V1-globals", withData(1, 0, 0x41, 0, 0x41, 8, 0x6a, 0x0b, 1, 1)],
  "a place that a global holds": ["V1-globals", withData(1, 0, 0x23, 4, 0x0b, 1, 1)],
  "a place of 64 bits": ["V2-data", withData(1, 0, 0x42, 8, 0x0b, 1, 1)],
  "a place that is a float": ["V2-data", withData(1, 0, 0x43, 0, 0, 0, 0, 0x0b, 1, 1)],
  "a place below zero": ["V2-data", withData(1, ...segment(-1, 1))],
  "nothing, at a place below zero": ["V2-data", withData(1, ...segment(-1))],
  "the byte behind the memory": ["V2-data", withData(1, ...segment(PAGE, 1))],
  "bytes across the end of the memory": ["V2-data", withData(1, ...segment(PAGE - 2, 1, 2, 3))],
  "the second of two segments outside": ["V2-data", withData(2, ...segment(0, 1), ...segment(PAGE + 7, 1))],
  "a passive segment": ["V2-data", withData(1, 1, 1, 1)],
  "another memory": ["V2-data", withData(1, 2, 1, ...at(0), 1, 1)],
  "flags of no meaning": ["V2-data", withData(1, 3, ...at(0), 1, 1)],
  "flags of many bits": ["V2-data", withData(1, 0x80, 1, ...at(0), 1, 1)],
  "a second one": ["V2-sections", behind(...section(DATA, [0]))],
  "a custom section behind": ["V2-sections", withCustomSection(GOOD)],
  "a function section behind": ["V2-sections", behind(...section(3, [0]))],
  "a code section behind": ["V2-sections", behind(...section(10, [1, 2, 0, 0x0b]))],
  "a count of data segments before the code": ["V2-sections", editSection(GOOD, 12, () => [4])],
  "a wrong count of data segments before the code": ["V2-sections", editSection(GOOD, 12, () => [5])],
  "a count of data segments, but none": ["V2-sections", editSection(withoutData, 12, () => [0])],
  "a place before all others": [
    "V2-sections",
    concat([GOOD.subarray(0, 8), Uint8Array.from(section(DATA, [0])), withoutData.subarray(8)]),
  ],
  "a place before the code": [
    "malformed",
    concat([withoutData.subarray(0, codeAt), Uint8Array.from(section(DATA, [0])), withoutData.subarray(codeAt)]),
  ],
  "a length beyond the module": ["malformed", concat([withoutData, Uint8Array.of(DATA, 9, 0)])],
  "no length": ["malformed", concat([withoutData, Uint8Array.of(DATA)])],
  "something behind that is no section": ["malformed", behind(0)],
};

describe("a data section is refused with", () => {
  test.each(Object.keys(BAD))("%s", (name) => {
    const [rule, bytes] = BAD[name] as (typeof BAD)[string];
    expect(judge(bytes)).toBe(rule);
  });

  test("what no engine would take, and some more", () => {
    const taken = Object.keys(BAD).filter((name) => WebAssembly.validate((BAD[name] as (typeof BAD)[string])[1]));
    expect(taken.sort()).toEqual([
      "a count of data segments before the code",
      "a count of data segments, but none",
      "a custom section behind",
      "a passive segment",
      "a place below zero",
      "a place that is a sum",
      "bytes across the end of the memory",
      "nothing, at a place below zero",
      "the byte behind the memory",
      "the second of two segments outside",
    ]);
  });
});

const TAKEN: Readonly<Record<string, Bytes>> = {
  "the sections of these tests": GOOD,
  "no section": withoutData,
  "no segments": withData(0),
  "segments one over the other, of which the last wins": withData(
    3,
    ...segment(4, 1, 2, 3),
    ...segment(5, 9),
    ...segment(3, 8, 7),
  ),
  "nothing, at the very end": withData(1, ...segment(PAGE)),
  "the last byte": withData(1, ...segment(PAGE - 1, 5)),
  "the memory spelled out": withData(1, 2, 0, ...at(5), 2, 1, 2),
  "numbers with more bytes than they need": withData(
    ...[0x81, 0x80, 0, 0x80, 0, 0x41, 0x85, 0x80, 0x80, 0x80, 0, 0x0b, 0x82, 0x80, 0x80, 0x80, 0, 1, 2],
  ),
};

describe("a data section is taken, and means what it means to an engine, with", () => {
  test.each(Object.keys(TAKEN))("%s", (name) => {
    const bytes = TAKEN[name] as Bytes;
    const judged = judge(bytes);
    if (typeof judged === "string") return expect.fail(judged);
    expect(Buffer.compare(written(bytes, judged), instantiated(bytes, judged.initialPages))).toBe(0);
  });

  fuzz.prop([fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(3)], { numRuns })(
    "any bytes of it other ones, some more or some less: refused, or taken as an engine takes it",
    (edits, cut) => {
      const from = dataSectionAt(GOOD, decode(GOOD, String));
      const bytes = Uint8Array.from(GOOD.slice(0, cut === 3 ? GOOD.length - 1 : GOOD.length));
      for (const [place, byte] of edits) bytes[from + (place % (bytes.length - from))] = byte;
      const judged = judge(bytes);
      if (typeof judged === "string") return;
      expect(WebAssembly.validate(bytes)).toBe(true);
      expect(Buffer.compare(written(bytes, judged), instantiated(bytes, judged.initialPages))).toBe(0);
    },
  );

  test("and it is the last section, so that what precedes it is a module of its own", () => {
    const module = decode(GOOD, (name) => decoder.decode(name));
    const place = dataSectionAt(GOOD, module);
    expect(module.sections.at(-1)).toEqual({ id: DATA, at: place });
    expect(GOOD[place]).toBe(DATA);
    expect(
      dataSectionAt(
        withoutData,
        decode(withoutData, (name) => decoder.decode(name)),
      ),
    ).toBe(withoutData.length);
  });
});
