// A guest may throw anything: the run ends with an error that is text, whatever was thrown.
// Expect: any
throw Object.defineProperty(new Error('x'), 'cause', { get() { for (;;); } });
