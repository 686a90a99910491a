// The gates: the only way down. `stdlib/abi.ts` says what each does, and its table PROGRAM which handles there are.
//
// The numbers are repeated here because AssemblyScript cannot import them: tests/wasi/numbers.test.ts compares.

@external("cordon", "call")
export declare function call(handle: i32, method: i32, at: u32, length: u32, capacity: u32): i32;
@external("cordon", "reply")
export declare function reply(at: u32, capacity: u32): i32;
@external("cordon", "receive")
export declare function receive(at: u32, capacity: u32, wait: i32): i32;
@external("cordon", "answer")
export declare function answer(token: u32, ok: i32, at: u32, length: u32): i32;

export const CALL_ERROR: i32 = -1;
export const CALL_PENDING: i32 = -16;
export const CALL_AWAITED: i32 = -536870928;

// Handles and methods.
export const CLOCK: i32 = 1;
export const CLOCK_NOW: i32 = 0;

export const RANDOM: i32 = 2;
export const RANDOM_BYTES: i32 = 0;

export const TIMERS: i32 = 3;
export const TIMERS_SLEEP: i32 = 0;

export const PROCESS: i32 = 62;
export const PROCESS_ARGUMENTS: i32 = 0;
export const PROCESS_ENVIRONMENT: i32 = 1;
export const PROCESS_EXIT: i32 = 2;
export const PROCESS_WRITE: i32 = 3;
export const PROCESS_READ: i32 = 4;
export const PROCESS_ELAPSED: i32 = 5;

export const FILES: i32 = 63;
export const FILES_STAT: i32 = 0;
export const FILES_READ: i32 = 1;
export const FILES_WRITE: i32 = 2;
export const FILES_APPEND: i32 = 3;
export const FILES_LIST: i32 = 4;
export const FILES_MAKE_DIRECTORY: i32 = 5;
export const FILES_REMOVE: i32 = 6;
export const FILES_RENAME: i32 = 7;
