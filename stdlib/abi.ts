// The ABI: everything that a guest and the world below it agree on. Guest code knows this file and nothing else.
//
// A guest is a WebAssembly module. It imports the gates below from the module "cordon" and exports
//
//   cordon_turn() -> i32   take every waiting message, do the work, return a TURN code. The JavaScript engine's entry.
//   cordon_init() -> ()    optional: called once, under fuel, before anything else (a start function becomes this).
//
// or, for a plain program, any function of numbers (`_start`, `main`, `add(i32, i32) -> i32`).
//
// What crosses is CBOR (RFC 8949, definite lengths only). Every address and length is in bytes, unsigned, little-endian.

/** Raised when a domain's memory of an older Cordon could not go on under this one: snapshots of another are refused. */
export const ABI_VERSION = 1;

/** The module name of every gate. */
export const GATE_MODULE = "cordon";

/**
 * The gates, in the order in which an artifact imports them. All parameters and results are i32.
 *
 *   grow(pages) -> old size in pages, or -1.  (What `memory.grow` becomes.)
 *   call(handle, method, at, length, capacity) -> answer code (see CALL)
 *     Calls `method` of the capability `handle` with the CBOR array of arguments at [at, at+length). No bytes are an
 *     empty array.
 *     A reply of at most `capacity` bytes is written at `at`.
 *   reply(at, capacity) -> n, the length of the waiting reply or error value; it is written and dropped if
 *     n <= capacity. -1: nothing waits.
 *   receive(at, capacity, wait) -> n, the length of the next message; it is written and dropped if n <= capacity.
 *     RECEIVE.EMPTY when the inbox is empty and `wait` is 0. With `wait` 1 the guest is parked until a message comes;
 *     RECEIVE.CANNOT_WAIT where the host engine cannot suspend.
 *   answer(token, ok, at, length) -> 0, or ANSWER_UNKNOWN. Answers a request with one CBOR value:
 *     a result when ok is 1, an error value when ok is 0. Each request is answered once.
 */
export const GATES = {
  grow: 1,
  call: 5,
  reply: 2,
  receive: 3,
  answer: 4,
} as const satisfies Record<string, number>;

/** Answer codes of `call`. A code >= 0 is the length of the reply: written at `at` if it fits, else waiting for `reply`. */
export const CALL = {
  /** An error value (tag 27, see TAG) waits for `reply`. */
  ERROR: -1,
  /** A policy refuses the call, and nothing waits. Where a policy is mirrored in a program, instead of an E_DENIED. */
  DENIED: -2,
  /** Codes <= PENDING mean: the call goes on; its completion comes as a message with token = PENDING - code. */
  PENDING: -16,
  /** Codes <= AWAITED mean the same, with token = AWAITED - code, and that it comes soon: stand still for it. */
  AWAITED: -16 - 2 ** 29,
} as const;

export const RECEIVE = { EMPTY: -1, CANNOT_WAIT: -2 } as const;
export const ANSWER_UNKNOWN = -1;

/** What `cordon_turn` returns. */
export const TURN = {
  /** Nothing is left to do: no request is open, no call is in flight, no timer is set. */
  IDLE: 0,
  /** The guest waits for completions. */
  PENDING: 1,
  /** Work is left that needs no message: enter again. */
  MORE: 2,
} as const;

/**
 * Messages, each one CBOR array.
 *   [COMPLETION, token, ok: boolean, value]      a pending call has ended; value is a result or an error value. With null
 *                                                for `ok` it has not: whoever is parked for it goes on with a promise, unless the call is "blocking"
 *   [REQUEST, token, method: uint, value]        somebody calls this domain; answer with the gate `answer`
 *   [INVOKE, token, object, name: text, args]    somebody calls an object that this domain has sent (tag OFFER); answer
 *   [FORGET, object, times: uint]                nobody holds that object any more, as often as it was sent until now
 *   [FORKED, incarnation: uint]                  this domain is a copy of another, and this is its first message: what was
 *                                                under way (requests to answer, calls in flight) stayed with the original
 */
export const MESSAGE = { COMPLETION: 0, REQUEST: 1, INVOKE: 2, FORGET: 3, FORKED: 4 } as const;

/** Methods that every handle has, for the gate `call`. They take no arguments and are not counted as calls. */
export const EVERY = {
  /** -> [[name, mode], ...]: the calls of the handle's contract, in the order of their numbers. */
  DESCRIBE: 0xffff_fffe,
  /** -> 0, or -1 for no handle; nothing waits for `reply`. It is let go: its number may come again, of another generation. */
  RELEASE: 0xffff_ffff,
} as const;

/** Methods of a domain that runs a language engine. Values are records with text keys. */
export const ENGINE = {
  /**
   * { grants: { [global]: Grant }, system: { [name]: Grant }, options: { timeZoneOffset?, memory?, stack?, serves? } } -> undefined.
   * serves: between messages the guest is parked, where the host can, instead of returning from its turn.
   * timeZoneOffset: minutes east of UTC. memory: bytes the domain may have; the engine throws before they are used up.
   * Grant = { handle: uint, calls: { [name]: { method: uint, mode: "sync" | "async" | "blocking" } } }.
   * Each grant becomes a frozen global object of that name whose properties are frozen functions
   * ("async" and "sync" follow what the gate answers: pending gives a promise; "blocking" parks the guest until the
   * completion). A grant named with "." as the only call "" is a plain global function: grants.sum.calls = { "": ... }.
   * `system` grants are for the engine only: clock { now() -> ms }, random { bytes(n) -> bytes },
   * timers { sleep(ms) -> undefined, async }, console { write(level: text, text: text) -> undefined },
   * modules { load(specifier, referrer) -> { name: text, source: text }, mode blocking or async }.
   */
  CONFIGURE: 0,
  /**
   * { source: text, name: text, kind: "auto" | "script" | "module", inputs?: record, offers?: true | "declared" }
   *   -> { value?, omitted?: true }.
   * The value of a run: a top-level `return`, else a module's `export default`, else the last expression, awaited.
   * Each key of `inputs` becomes a global.
   * A completion value that cannot cross gives `omitted: true`; an explicit `return` or `export default` of one is E_VALUE.
   * With `offers` true the value may be objects of the guest, as far as the contract of this request has handles for
   * them. With "declared" the program gives { contracts: data, objects }: the answer is the contracts, and OFFER gives
   * the objects.
   */
  RUN: 1,
  /** { name: text, args: array } -> value. Calls a global function (a dotted path is followed) and awaits its result. */
  CALL: 2,
  /** undefined -> undefined, answered when no timer is set. */
  DRAIN: 4,
  /** undefined -> { value? }: the objects of a run with `offers: "declared"`, once. Asked under the contracts of them. */
  OFFER: 5,
  /** { source: text, name: text } -> { imports: [text] }. Parses without running; a syntax error is the error value. */
  CHECK: 3,
} as const;

/**
 * Capabilities of a program that runs without a language engine, by their handles. `method` numbers count from 0 in the
 * order given. What was granted by name has the handles FIRST_GRANT, FIRST_GRANT + 1 and so on, in the order of the
 * grants, with the methods of its contract. PROCESS and FILES answer with an error whose `code` is a number, that of
 * WASI preview 1 (44: there is no such file); they are what stdlib/wasi is made of, and any program may call them.
 */
export const PROGRAM = {
  /** write(level: text, text: text): one line for the embedder's console. */
  CONSOLE: { handle: 0, methods: ["write"] },
  /** now() -> milliseconds since 1970. */
  CLOCK: { handle: 1, methods: ["now"] },
  /** bytes(count: at most 65,536) -> bytes. */
  RANDOM: { handle: 2, methods: ["bytes"] },
  /** sleep(ms) -> undefined, later. */
  TIMERS: { handle: 3, methods: ["sleep"] },
  FIRST_GRANT: 4,
  MOST_GRANTS: 58,
  /**
   * arguments() -> [text], environment() -> [text "NAME=value"], exit(code) ends the program, write(stream: 1 or 2,
   * bytes), read(most) -> bytes of the input, none at its end, elapsed() -> milliseconds since the program began.
   */
  PROCESS: { handle: 62, methods: ["arguments", "environment", "exit", "write", "read", "elapsed"] },
  /**
   * The grant `files`, if there is one. A path is relative, of plain names; "" is the granted directory. A type is that
   * of WASI: 3 directory, 4 file, 7 link, 0 anything else.
   * stat(path) -> [type, size, modified in ms], read(path) -> bytes, write(path, bytes) makes or replaces a file,
   * append(path, bytes), list(path) -> [name, type, name, type, ...], makeDirectory(path), remove(path, type),
   * rename(from, to).
   */
  FILES: {
    handle: 63,
    methods: ["stat", "read", "write", "append", "list", "makeDirectory", "remove", "rename"],
  },
} as const;

/**
 * CBOR tags (IANA registry) and what they carry. Anything else is refused.
 *
 *   undefined f7, null f6, false f4, true f5
 *   number    an integer of safe range as major type 0 or 1; every other number, -0 included, as a double (fb)
 *   bigint    tag 2 or 3 over a byte string (RFC 8949 3.4.3), at most 4 KiB, no leading zero
 *   string    text (major 3, valid UTF-8); a string with a lone surrogate is tag 273 over WTF-8 bytes
 *   bytes     byte string (major 2): a Uint8Array
 *   typed arrays  RFC 8746, little-endian: 64 u8 is not used (plain bytes), 68 u8 clamped, 69 u16, 70 u32, 71 u64,
 *                 72 i8, 77 i16, 78 i32, 79 i64, 85 f32, 86 f64.
 *   array     major 4. Sparse: tag SPARSE over [length, index, value, index, value, ...], indices ascending
 *   record    major 5 with text keys (or 273-tagged), own enumerable data, any key ("__proto__" too)
 *   Map       tag 259 over a map with any keys; Set tag 258 over an array
 *   Date      tag DATE over a number, milliseconds since 1970 or NaN
 *   RegExp    tag 21066 over [source, flags]
 *   error     tag 27 over ["Error", { name, message, code?, cause?, stack? , ... }]
 *   ArrayBuffer  tag BUFFER over a byte string; DataView is not a value
 *   sharing   tag 28 marks a value that is referred to again, tag 29 over its number, counted in order of tag 28s
 *   handle    tag HANDLE over an unsigned integer in four bytes (1a ...), where the contract has a handle, nowhere else
 *   object    tag OFFER over a number of the sender's own choice, written likewise: the receiver gets a handle whose calls
 *             come back to the sender as INVOKE messages with that number. Sent by guests only
 */
export const TAG = {
  BIGINT: 2,
  NEGATIVE_BIGINT: 3,
  ERROR: 27,
  SHARED: 28,
  REFERENCE: 29,
  U8_CLAMPED: 68,
  U16: 69,
  U32: 70,
  U64: 71,
  I8: 72,
  I16: 77,
  I32: 78,
  I64: 79,
  F32: 85,
  F64: 86,
  SET: 258,
  MAP: 259,
  WTF8: 273,
  REGEXP: 21066,
  /** First-come range of the registry, ours: "CO" followed by a small number. */
  DATE: 0x434f01,
  SPARSE: 0x434f02,
  BUFFER: 0x434f03,
  HANDLE: 0x434f04,
  OFFER: 0x434f05,
} as const;
