// The policy libraries' public API: re-exports only.
export { type CallMode, capability, type Granted, type HostFunction, isGranted } from "./capability.ts";
export { type DescribedCall, type DescribedContract, isDescribed } from "./described.ts";
export { FILES } from "./files/contract.ts";
export { filesOf, readOnly, tree } from "./files/files.ts";
export { FILES_ERRORS, type FilesErrorCode } from "./files/refusal.ts";
export type { Entry, EntryFacts, EntryKind, FilesPlace } from "./files/types.ts";
export { type TreeContents, type TreeOptions, treePlace } from "./files/virtual.ts";
export { type LoadedModule, type ModuleLoader, type ModuleReader, modulesFrom } from "./modules/loader.ts";
