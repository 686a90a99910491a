// A cycle may be refused or arrive as one; it may not run for ever.
// Expect: held
(function () {
  const bad = [];
  const list = []; list.push(list);
  const record = {}; record.self = { record };
  const map = new Map(); map.set(map, map);
  const error = new Error("x"); error.cause = error;
  for (const v of [list, record, map, error]) try { hostEcho(v); } catch (e) { if (!(e instanceof Error)) bad.push("foreign error"); }
  if (hostEcho("still") !== "still") bad.push("the gate is broken");
  return bad.join("; ") || "held";
})()
