// States with the same text have the same future.
import { type Kleene, T } from "../kleene.ts";
import type { Datum } from "../resolved.ts";
import type { Table } from "./lab.ts";
import type { Memory, Node, Others } from "./node.ts";
import type { Value } from "./world.ts";

const keyed = <V>(of: ReadonlyMap<Datum, V>, keyOf: (value: V) => unknown): unknown =>
  [...of].map(([value, one]) => [String(value), keyOf(one)] as const).sort(([a], [b]) => (a < b ? -1 : 1));

const othersKey = (others: Others): unknown => [...others].sort(([a], [b]) => (a < b ? -1 : 1));

function memoryKey(memory: Memory): unknown {
  switch (memory.kind) {
    case "flag":
      return memory.value;
    case "moment":
      return [memory.sure, memory.maybe];
    case "amount":
      return [memory.lo, memory.hi === Infinity ? "any" : memory.hi];
    case "moments":
      return memory.of.map(({ moment, isSure }) => [moment, isSure]);
    case "keyed":
      return [keyed(memory.of, memoryKey), memory.isKeyless, memory.isForgetful, othersKey(memory.others)];
    case "set":
      return [keyed(memory.of, (value: Kleene) => value === T), memory.isForgetful, othersKey(memory.others)];
  }
}

/** Without the zone: of states that differ in it alone, one may be a part of the other. */
export function keyOfNode({ memories, pending }: Node): string {
  const calls = pending.map(({ op, relation, data, count }) => [
    op.id,
    relation,
    [...data.values()].map((value) => (value === undefined ? "missing" : value)),
    count,
  ]);
  return JSON.stringify([[...memories.values()].map(memoryKey), calls.map((call) => JSON.stringify(call)).sort()]);
}

/** The class that a value belongs to. */
export const classesIn = (table: Table, value: Value): readonly number[] => [
  typeof value === "object" ? value.other : table.find(value),
];
