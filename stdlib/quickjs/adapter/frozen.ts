// Tables of the engine that are written into memory when it first needs them: see frozen.build.ts.

import { writeTable } from "./code-bytes";

export function thaw(table: i32, _a: i32, _b: i32): void {
  writeTable(table);
}
