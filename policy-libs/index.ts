// The policy libraries' public API: re-exports only.

export { args } from "./args/args.ts";
export { ARGS } from "./args/contract.ts";
export * from "./attenuate/index.ts";
export {
  type Call,
  currentCall,
  enter,
  type Interrupt,
  interrupt,
  leave,
  type Signal,
  signal,
  within,
} from "./call.ts";
export { type CallMode, capability, type Granted, type HostFunction, isGranted } from "./capability.ts";
export {
  type MailboxEnds,
  mailbox,
  type PipeEnds,
  pipe,
  semaphore,
  sharedBytes,
  sharing,
} from "./channel/channel.ts";
export {
  MAILBOX_RECEIVER,
  MAILBOX_SENDER,
  PIPE_READER,
  PIPE_WRITER,
  SEMAPHORE,
  SHARED_BYTES,
} from "./channel/contract.ts";
export type { MailboxOptions } from "./channel/mailbox.ts";
export type { PipeOptions } from "./channel/pipe.ts";
export type { SemaphoreOptions } from "./channel/semaphore.ts";
export type { SharedOptions } from "./channel/shared.ts";
export { type ClockOptions, clock } from "./clock/clock.ts";
export { CLOCK } from "./clock/contract.ts";
export { realTime, type Time as ClockTime, type TimePowers } from "./clock/time.ts";
export { type VirtualClock, type VirtualTime, type VirtualTimeOptions, virtualClock } from "./clock/virtual.ts";
export { consoleTo, type TakeLine } from "./console/console.ts";
export { CONSOLE, type Level } from "./console/contract.ts";
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
  hasHandle,
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
  takesHandle,
  union,
} from "./contract/index.ts";
export { type DescribedCall, type DescribedContract, isDescribed } from "./described.ts";
export { type Algorithm, DIGEST, type Output } from "./digest/contract.ts";
export { type DigestOptions, digest } from "./digest/digest.ts";
export { ENV } from "./env/contract.ts";
export { env } from "./env/env.ts";
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
export { BODY, type BodyGrant, HTTP, type HttpGrant, SOURCE, type SourceGrant } from "./http/contract.ts";
export { type HttpEndpoint, METHODS, parseHttpGrants } from "./http/grants.ts";
export { HTTP_ERRORS, type HttpErrorCode } from "./http/refusal.ts";
export type { HttpSecrets } from "./http/secrets.ts";
export {
  type VirtualHandler,
  type VirtualHttpOptions,
  type VirtualRequest,
  type VirtualResponse,
  virtualHttp,
} from "./http/virtual.ts";
export { KV, KV_EFFECTS, KV_WRITES } from "./kv/contract.ts";
export { kv, kvOf } from "./kv/kv.ts";
export { memoryStore } from "./kv/memory.ts";
export { KV_ERRORS, type KvErrorCode } from "./kv/refusal.ts";
export type { KvBounds, KvStore } from "./kv/types.ts";
export * from "./meter/index.ts";
export { type LoadedModule, type ModuleLoader, type ModuleReader, modulesFrom } from "./modules/loader.ts";
export { type Charges, PAYLOAD_CHARGES, REPY_CHARGES } from "./net/charges.ts";
export {
  DATAGRAM,
  type DatagramGrant,
  LISTENER,
  type ListenerGrant,
  NET,
  type NetGrant,
  SOCKET,
  type SocketGrant,
} from "./net/contract.ts";
export { type Endpoint, type EndpointOptions, mayBind, mayReach, mayResolve, parseEndpoints } from "./net/grants.ts";
export { NET_ERRORS, type NetErrorCode } from "./net/refusal.ts";
export { type VirtualNetOptions, virtualNet } from "./net/virtual.ts";
export { type HostOptions, virtualWorld, type World, type WorldOptions } from "./net/world.ts";
export { permissive } from "./permissive.ts";
export * from "./policy/index.ts";
export { RANDOM } from "./random/contract.ts";
export { type RandomOptions, random } from "./random/random.ts";
export { SECRETS } from "./secrets/contract.ts";
export type { ScrubbedStream } from "./secrets/scrub.ts";
export { type SecretOptions, type Secrets, secrets } from "./secrets/secrets.ts";
export { TERMINAL } from "./terminal/contract.ts";
export { newFilter, type Sequences } from "./terminal/filter.ts";
export type { Key } from "./terminal/keys.ts";
export type { Size, TerminalListener, TerminalPlace } from "./terminal/place.ts";
export { type Terminal, type TerminalOptions, terminalOf } from "./terminal/terminal.ts";
export { type VirtualTerminal, type VirtualTerminalOptions, virtualTerminal } from "./terminal/virtual.ts";
export { TIMERS } from "./timers/contract.ts";
export { type TimersOptions, timers } from "./timers/timers.ts";
export { unused, whenUnused, wrapping } from "./unused.ts";
