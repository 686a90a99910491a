// Contracts: builders, checking, and the kernel's form. Re-exports only.
export {
  any,
  arg,
  boolean,
  bytes,
  date,
  handle,
  integer,
  list,
  nothing,
  number,
  oneOf,
  option,
  record,
  rest,
  string,
  union,
} from "./builders.ts";
export { contract, contractFrom } from "./contract.ts";
export type { ContractError } from "./error.ts";
export { hasHandle, takesHandle } from "./handles.ts";
export type {
  AnyContract,
  ArgumentsOf,
  ContractOf,
  DataOf,
  FunctionOf,
  Functions,
  GrantedOf,
  ResultOf,
  TypeOf,
} from "./infer.ts";
export * from "./types.ts";
