// Every bound of the kernel, with its unit and reason. Code holds no other number that bounds guest data.

export const PAGE = 65_536; // bytes in a WebAssembly page

/** Bytes of one module. The engine has 0.75 million; hashing and verifying stay under a second at the bound. */
export const MAX_MODULE_BYTES = 16 * 1024 * 1024;
/** Entries of a section: types, functions, globals, exports, segments. The engine has 1,700 functions. */
export const MAX_SECTION_ENTRIES = 50_000;
/** Parameters of one function type. Bounds the verifier's operand stack per instruction. */
export const MAX_TYPE_ARITY = 100;
/** Results of one function type. The host keeps room for them on the stack beside the parameters: see frameCost. */
export const MAX_TYPE_RESULTS = 16;
/** Blocks inside blocks. Keeps the verifier's control stack finite; the engine's dispatch loop opens some hundreds. */
export const MAX_BLOCK_DEPTH = 1_000;
/** Operands on the stack of one function. Bounds the verifier's flags, the host frame, and what a call spills. */
export const MAX_OPERANDS = 1_000;

// Shape bounds: compiling is work that no fuel pays for. A valid 98 KB module of 50,000 locals and 20,000 empty
// blocks takes V8 24 s at its first call. The engine's largest product is 50,350, its sum 167,000. Operands are as
// dear as locals (9,000 of them under 20,000 loops took 20 s), and so are values moved by calls and blocks.
export const MAX_LOCALS = 1_000; // per function, parameters included
export const MAX_INSTRUCTIONS = 65_536; // per function; parameters and results of calls and blocks count as well
/** Bytes of one function. What has MAX_INSTRUCTIONS needs less; refused before the host's engine reads it. */
export const MAX_BODY_BYTES = 1024 * 1024;
export const MAX_COMPILE_PRODUCT = 1_000_000; // (locals + operands) x (blocks + br_table targets), per function
export const MAX_COMPILE_SUM = 5_000_000; // the same over the module

/** Globals of a module: a snapshot reads them all, and so does every birth and every switch between domains. */
export const MAX_GLOBALS = 1_000;
/** Entries of the one table. */
export const MAX_TABLE = 100_000;
/** Pages of memory at birth: 256 MiB. */
export const MAX_INITIAL_PAGES = 4_096;
/** Pages a domain may ever have: 4 GiB. */
export const MAX_PAGES = 65_536;

/** Frames kept for later, per artifact. Each holds address space of the host: 8 GB of V8's. */
export const KEPT_FRAMES = 32;
/** What an address may be masked with: segments of 64 KiB to 128 MiB, so that no sum of a place and a length wraps. */
export const SEGMENT_MASKS: readonly number[] = Array.from({ length: 12 }, (_, index) => 2 ** (16 + index) - 1);
/** Bytes behind each segment that are its own as well: a static offset and the width of an access end inside. */
export const GUARD = 65_536;

/** A bulk operation is done in pieces of this many bytes with a charge between. */
export const BULK_PIECE = 262_144;

/** Bytes of one CBOR item that crosses a gate, in either direction. */
export const MAX_VALUE_BYTES = 64 * 1024 * 1024;
/** Items inside items. Below the depth at which a recursive walk of the host could end its stack. */
export const MAX_VALUE_DEPTH = 500;
/** Items of one value, holes of sparse arrays included: what a host may be made to allocate. */
export const MAX_VALUE_NODES = 4_000_000;
/** Bytes of one bigint. Printing a bigint is quadratic work of the host. */
export const MAX_BIGINT_BYTES = 4_096;

/** Shapes inside shapes, references followed: keeps shape.ts's own stack finite on contracts that never end. */
export const MAX_SHAPE_DEPTH = 64;

/** Capabilities of one domain. Below 2^14, the bits of a handle that say which. */
export const MAX_HANDLES = 10_000;
/** Objects of one domain that others hold. */
export const MAX_OFFERS = 10_000;
/** What may be derived from one capability at once. */
export const MAX_DERIVED = 100_000;
/** Resources that an account counts. The policy libraries name nineteen. */
export const MAX_RESOURCES = 32;
/** Accounts above accounts. */
export const MAX_ACCOUNT_DEPTH = 128;
/** Calls of one domain that wait for completion. */
export const MAX_PENDING = 100_000;
/** Tokens of calls and of requests are smaller; they come again. */
export const TOKENS = 2 ** 29;
/** Bytes of messages that wait in an inbox. */
export const MAX_INBOX_BYTES = 256 * 1024 * 1024;
/** Domains entered from inside gates of each other. V8 keeps four stacks; a fifth is made anew for each call, in 10 us. */
export const MAX_NESTED = 4;
/** Parked stacks of the process: each holds address space of the host until it ends. */
export const MAX_PARKED = 60_000;

/** Fuel of the first slice, before a guest's speed is known; a slice aims at SLICE_MS. */
export const FIRST_SLICE = 3_000;
export const MIN_SLICE = 300;
/**
 * The speed of a guest can change by a factor of ten thousand from one loop to the next: 65,000 loads that miss the
 * host's caches cost 80 fuel and 6 ms. So this, not the speed so far, bounds the time between two looks at the clock.
 */
export const MAX_SLICE = 32_000;
/** The most that one gate call is charged. Far below 2^31, so that an overdraft cannot wrap. */
export const MAX_CHARGE = 1_000_000_000;
export const SLICE_MS = 1;

/** Units of depth (estimated bytes of host stack) where the guest runs on a stack of its own of 984 KB. */
export const DEPTH_OWN_STACK = 800_000;
/** ... and where it shares the caller's stack, of which the kernel cannot know what is left. */
export const DEPTH_SHARED_STACK = 200_000;
