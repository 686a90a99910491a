// A getter that shrinks, grows or detaches what is being encoded.
// Expect: held
(function () {
  const bad = [];
  const list = [1, { get x() { list.length = 0; return 1; } }, 3, 4];
  const growing = [{ get x() { for (let i = 0; i < 1000; i++) growing.push(i); return 1; } }];
  const map = new Map([["a", { get x() { map.clear(); for (let i = 0; i < 100; i++) map.set("n" + i, i); return 1; } }], ["b", 2]]);
  const set = new Set([{ get x() { set.clear(); return 1; } }, 2]);
  const bytes = new Uint8Array(1000).fill(7);
  const moved = [{ get x() { bytes.buffer.transfer?.(0); return 1; } }, bytes];
  const record = { get a() { delete record.b; record.c = 3; return 1; }, b: 2 };
  const resizable = new ArrayBuffer(1000, { maxByteLength: 2000 });
  const view = new Uint8Array(resizable);
  const shrunk = [{ get x() { resizable.resize?.(1); return 1; } }, view, resizable];
  for (const v of [list, growing, map, set, moved, record, shrunk]) {
    try { hostEcho(v); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error"); }
    if (hostEcho("ok") !== "ok") bad.push("the gate is broken");
  }
  return bad.join("; ") || "held";
})()
