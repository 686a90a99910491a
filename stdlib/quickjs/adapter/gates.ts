// The gates: the only way down. `stdlib/abi.ts` says what each does.

@external("cordon", "call")
export declare function call(handle: i32, method: i32, at: i32, length: i32, capacity: i32): i32;
@external("cordon", "reply")
export declare function reply(at: i32, capacity: i32): i32;
@external("cordon", "receive")
export declare function receive(at: i32, capacity: i32, wait: i32): i32;
@external("cordon", "answer")
export declare function answer(token: i32, ok: i32, at: i32, length: i32): i32;

export const CALL_ERROR: i32 = -1;
export const CALL_PENDING: i32 = -16;
export const CALL_AWAITED: i32 = -16 - (1 << 29);
export const CANNOT_WAIT: i32 = -2;
export const TURN_IDLE: i32 = 0;
export const TURN_PENDING: i32 = 1;
