// --monitors FILE.json: checks of a program's own instructions, as data.
import type { Monitors } from "../../kernel/index.ts";
import { readMonitors } from "../monitors.ts";
import type { Parsed } from "./arguments.ts";
import { UsageError } from "./exit.ts";
import { utf8 } from "./kernel.ts";
import { readBytes } from "./source.ts";

export function monitorsOf(parsed: Parsed): Monitors | undefined {
  const file = parsed.text("monitors");
  if (file === undefined) return undefined;
  try {
    return readMonitors(JSON.parse(utf8(readBytes(file))));
  } catch (thrown) {
    throw new UsageError(`${file}: ${(thrown as Error).message}`);
  }
}
