// No shared memory, no WebAssembly, no host objects; giant buffers are refused in the guest.
// Expect: held
(function () {
  const bad = [];
  for (const n of ["SharedArrayBuffer", "Atomics", "WebAssembly", "process", "require", "fetch", "gc", "print", "std", "os", "bjson", "scriptArgs", "load", "read", "quit", "Buffer", "performance_", "navigator", "XMLHttpRequest"]) { if (n in globalThis || (0, eval)("typeof " + n) !== "undefined") bad.push(n); }
  for (const f of [() => new ArrayBuffer(2 ** 31), () => new ArrayBuffer(2 ** 53), () => new ArrayBuffer(8, { maxByteLength: 2 ** 40 }), () => new Float64Array(2 ** 30), () => new Array(2 ** 32), () => "x".repeat(2 ** 31), () => "x".padEnd(2 ** 31), () => new Uint8Array({ length: 2 ** 31 }), () => 2n ** (2n ** 40n)]) {
    try { f(); bad.push("made: " + f); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error: " + f); }
  }
  return bad.join("; ") || "held";
})()
