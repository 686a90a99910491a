// Where an artifact's checks stand. It looks for the instructions: that each stands in its check is the verifier's to say.
import {
  IMPORTS,
  INDIRECT,
  inline,
  type Module,
  type Monitors,
  type Reader,
  readByte,
  readU32,
  TRAMPOLINES,
} from "../../kernel/index.ts";
import { readOpcode, skipImmediate } from "./instructions.ts";

/** An instruction that is checked: which event it is, in which function of the artifact, at which byte of the module. */
export interface CheckPlace {
  readonly event: "divide" | "indirect";
  readonly function: number;
  readonly at: number;
}

function skipLocals(reader: Reader): void {
  for (let groups = readU32(reader); groups > 0; groups--) {
    readU32(reader);
    readByte(reader);
  }
}

function* placesIn(reader: Reader, kinds: Uint8Array, index: number): Generator<CheckPlace> {
  skipLocals(reader);
  while (reader.at < reader.end) {
    const { at } = reader;
    const opcode = readOpcode(reader);
    skipImmediate(reader, opcode);
    const kind = kinds[opcode] as number;
    if (kind !== 0) yield { event: kind === INDIRECT ? "indirect" : "divide", function: index, at };
  }
}

/** Of an artifact that the kernel has accepted under these monitors. */
export function checkPlaces(bytes: Uint8Array, { bodies }: Module, monitors: Monitors): CheckPlace[] {
  const { kinds } = inline(monitors);
  return bodies.flatMap(({ at, end }, index) =>
    index < TRAMPOLINES.length ? [] : [...placesIn({ bytes, at, end }, kinds, IMPORTS.length + index)],
  );
}
