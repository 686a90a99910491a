// The gates of stdlib/abi.ts that this program calls, and what it knows of its capabilities.

@external("cordon", "call")
declare function call(handle: i32, method: i32, at: usize, length: i32, capacity: i32): i32;
@external("cordon", "receive")
declare function receive(at: usize, capacity: i32, wait: i32): i32;
export { call, receive };

/** `cordon run` gives a program its console, clock, randomness and timers, and then what --grant names, in that order. */
export const CONSOLE = 0;
export const FILES = 4;
export const WRITE = 0; // console: write(level, text)
export const READ_TEXT = 0; // files: readText(path), the first call of its contract

/** Answers of `call` that are this or less: the call goes on, its completion will come as a message. */
export const PENDING = -16;
