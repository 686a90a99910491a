// The entry for Node, Bun and Deno: the engine is read from the package's own dist/.
import { createCordon } from "../cordon.ts";
import { nodePowers } from "./assets.ts";

export * from "../api.ts";
export type { ArtifactCache } from "../program-cache.ts";
export { findAsset, nodePowers } from "./assets.ts";
export { type AuditFile, type AuditFileOptions, auditFile } from "./audit-file.ts";
export { type DiskCacheOptions, diskCache } from "./disk-cache.ts";
export { type FileStoreOptions, fileStore } from "./file-store.ts";
export { runProgram } from "./program.ts";
export { type Published, type PublishOptions, publishStats, type Watched } from "./stats-socket.ts";

export const { run, createSandbox, createTemplate, layer, stack, domains, runRepy, createPool, warmUp } =
  createCordon(nodePowers);
