// Does a WebAssembly program's instrumented form stay on disk?
import { type ArtifactCache, diskCache } from "../node/index.ts";
import type { Parsed } from "./arguments.ts";

/** As with NO_COLOR, any value but an empty one counts. */
export const cacheOf = (parsed: Parsed): ArtifactCache | undefined =>
  parsed.has("no-cache") || process.env["CORDON_NO_CACHE"] ? undefined : diskCache();
