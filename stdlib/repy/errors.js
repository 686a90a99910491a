// RepyV2's error tree as data: the 27 classes that a program sees, and the code under which each one crosses a gate.
//
// Errors cross as data (W21): name, code and text, never an object of another domain. `errorOf` makes one on the side
// that refuses; `program/errors.js` builds the classes on the side that catches.

// biome-ignore format: a table
export const ERRORS = [
  // name                        parent                code
  ["RepyException",              undefined,            "E_REPY"],
  ["RepyArgumentError",          "RepyException",      "E_REPY_ARGUMENT"],
  ["TimeoutError",               "RepyException",      "E_TIMEOUT"],
  ["CodeUnsafeError",            "RepyException",      "E_CODE_UNSAFE"],
  ["ContextUnsafeError",         "RepyException",      "E_CONTEXT_UNSAFE"],
  ["LockDoubleReleaseError",     "RepyException",      "E_LOCK_DOUBLE_RELEASE"],
  ["ResourceUsageError",         "RepyException",      "E_RESOURCE_USAGE"],
  ["ResourceExhaustedError",     "ResourceUsageError", "E_RESOURCE_EXHAUSTED"],
  ["ResourceForbiddenError",     "ResourceUsageError", "E_RESOURCE_FORBIDDEN"],
  ["FileError",                  "RepyException",      "E_FILE"],
  ["FileNotFoundError",          "FileError",          "E_FILE_NOT_FOUND"],
  ["FileInUseError",             "FileError",          "E_FILE_IN_USE"],
  ["SeekPastEndOfFileError",     "FileError",          "E_SEEK_PAST_END_OF_FILE"],
  ["FileClosedError",            "FileError",          "E_FILE_CLOSED"],
  ["NetworkError",               "RepyException",      "E_NETWORK"],
  ["NetworkAddressError",        "NetworkError",       "E_NETWORK_ADDRESS"],
  ["AlreadyListeningError",      "NetworkError",       "E_ALREADY_LISTENING"],
  ["DuplicateTupleError",        "NetworkError",       "E_DUPLICATE_TUPLE"],
  ["CleanupInProgressError",     "NetworkError",       "E_CLEANUP_IN_PROGRESS"],
  ["InternetConnectivityError",  "NetworkError",       "E_INTERNET_CONNECTIVITY"],
  ["AddressBindingError",        "NetworkError",       "E_ADDRESS_BINDING"],
  ["ConnectionRefusedError",     "NetworkError",       "E_CONNECTION_REFUSED"],
  ["LocalIPChanged",             "NetworkError",       "E_LOCAL_IP_CHANGED"],
  ["SocketClosedLocal",          "NetworkError",       "E_SOCKET_CLOSED_LOCAL"],
  ["SocketClosedRemote",         "NetworkError",       "E_SOCKET_CLOSED_REMOTE"],
  ["SocketWouldBlockError",      "NetworkError",       "E_SOCKET_WOULD_BLOCK"],
  ["TCPServerSocketInvalidError", "NetworkError",      "E_TCP_SERVER_SOCKET_INVALID"],
];

const codes = new Map(ERRORS.map(([name, , code]) => [name, code]));
const names = new Map(ERRORS.map(([name, , code]) => [code, name]));

/** The code of a class, or undefined. */
export const codeOf = (name) => codes.get(name);

/** The class of a code, or undefined. */
export const nameOf = (code) => names.get(code);

/** An error as data: a plain Error that says which class it stands for. */
export function errorOf(name, message) {
  const error = new Error(message);
  return Object.assign(error, { name, code: codes.get(name) });
}

export function raise(name, message) {
  throw errorOf(name, message);
}

export const isRepyError = (error) => error instanceof Error && names.has(error.code);
