// The policy libraries' public API: re-exports only.

export { type Call, currentCall, type Interrupt, interrupt, type Signal, signal, within } from "./call.ts";
export { type CallMode, capability, type Granted, type HostFunction, isGranted } from "./capability.ts";
export {
  type AnyContract,
  type ArgumentsOf,
  any,
  arg,
  boolean,
  bytes,
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
export { filesOf, readOnly, tree } from "./files/files.ts";
export { FILES_ERRORS, type FilesErrorCode } from "./files/refusal.ts";
export type { Entry, EntryFacts, EntryKind, FilesPlace } from "./files/types.ts";
export { type TreeContents, type TreeOptions, treePlace } from "./files/virtual.ts";
export { type LoadedModule, type ModuleLoader, type ModuleReader, modulesFrom } from "./modules/loader.ts";
