// The policy libraries' public API: re-exports only.

export * from "./attenuate/index.ts";
export { type Call, currentCall, type Interrupt, interrupt, type Signal, signal, within } from "./call.ts";
export { type CallMode, capability, type Granted, type HostFunction, isGranted } from "./capability.ts";
export {
  type AnyContract,
  type ArgumentsOf,
  any,
  arg,
  boolean,
  bytes,
  type CallData,
  COMMON_REFUSALS,
  type ContractData,
  type ContractError,
  type ContractOf,
  contract,
  contractFrom,
  type DataOf,
  date,
  type Functions,
  type GrantedOf,
  handle,
  integer,
  list,
  nothing,
  number,
  oneOf,
  option,
  type Parameter,
  type ResultOf,
  record,
  rest,
  string,
  type Type,
  type TypeOf,
  union,
} from "./contract/index.ts";
export { type DescribedCall, type DescribedContract, isDescribed } from "./described.ts";
export { FILES } from "./files/contract.ts";
export {
  FILE_WRITES,
  FILES_READS,
  FILES_WRITES,
  type FilesCall,
  isChange,
  PATH_ARGUMENTS,
} from "./files/effects.ts";
export { type FilesOptions, filesOf, readOnly, tree } from "./files/files.ts";
export { FILE, READER, WATCH, WRITER } from "./files/handle-contract.ts";
export { FILES_ERRORS, type FilesErrorCode, filesError } from "./files/refusal.ts";
export type {
  Change,
  ChangeKind,
  Entry,
  EntryFacts,
  EntryKind,
  FilesBounds,
  FilesPlace,
  OpenFile,
  OpenHow,
  OpenWatch,
  OpenWriter,
  WriterMode,
} from "./files/types.ts";
export { type TreeContents, type TreeOptions, treePlace } from "./files/virtual.ts";
export * from "./meter/index.ts";
export { type LoadedModule, type ModuleLoader, type ModuleReader, modulesFrom } from "./modules/loader.ts";
export { unused, whenUnused, wrapping } from "./unused.ts";
