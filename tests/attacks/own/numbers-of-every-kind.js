// NaN, -0, infinities, subnormals and bigints pass unchanged.
// Expect: held
(function () {
  const bad = [];
  for (const n of [0, -0, NaN, Infinity, -Infinity, 5e-324, 2 ** 53, -(2 ** 53), 2 ** 53 - 1, 2 ** 64, 1.5, -1, 255, 256, 65535, 65536, 4294967295, 4294967296, 1e308, 0n, -1n, 2n ** 64n, -(2n ** 64n) - 1n, true, false, null, undefined]) {
    if (!Object.is(hostEcho(n), n) || !Object.is(hostEcho([n])[0], n)) bad.push(String(n));
  }
  const nan = new Float64Array([NaN]); new Uint8Array(nan.buffer)[0] = 1;
  if (!Number.isNaN(hostEcho(nan[0]))) bad.push("NaN with payload");
  return bad.join("; ") || "held";
})()
