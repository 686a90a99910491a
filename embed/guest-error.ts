// An Error of the host that stands for one of the guest: no stack of the host is captured, so none can be shown.

interface StackLimit {
  stackTraceLimit?: number;
}

/** An Error without a stack; where the limit cannot be set, the caller overwrites what was captured. */
export function makeError(): Error {
  const host = Error as StackLimit;
  const before = host.stackTraceLimit;
  try {
    host.stackTraceLimit = 0;
    return new Error();
  } catch {
    return new Error(); // frozen
  } finally {
    if (before !== undefined) restore(host, before);
  }
}

function restore(host: StackLimit, before: number): void {
  try {
    host.stackTraceLimit = before;
  } catch {
    // frozen: it was never changed
  }
}
