// Everything that can be reached from the global object by properties, prototypes, descriptors: no native of the adapter is among it.
// Expect: held
(function () {
  const bad = [];
  const seen = new Set(), queue = [[globalThis, "globalThis"]];
  const forbidden = /^(evaluate|startModule|grantFunction|answer|answerOutOfMemory|configureSystem|configureTimeZone|learnKind|promiseParts|isProxy|whenSettled|kindOf|request|flush|normalizeName|sourceOf|refuse|errorParts|newValue|awaitValue|runOther|wakeUp)$/;
  let functions = 0;
  const visit = (v, path) => { if ((typeof v === "object" && v !== null) || typeof v === "function") if (!seen.has(v)) { seen.add(v); queue.push([v, path]); } };
  visit(globalThis, "globalThis"); visit((function* () {})(), "generator"); visit((async function* () {})(), "async generator"); visit([].values(), "iterator"); visit(new Error("x"), "error"); visit(hostEcho, "hostEcho"); visit(async () => 1, "async");
  for (const [v, path] of queue) {
    if (typeof v === "function") { functions++; if (forbidden.test(v.name)) bad.push(path); }
    visit(Object.getPrototypeOf(v), path + ".__proto__");
    for (const k of Reflect.ownKeys(v)) {
      const d = Object.getOwnPropertyDescriptor(v, k);
      if (!d) continue;
      const p = path + "." + String(k);
      visit(d.value, p); visit(d.get, p); visit(d.set, p);
    }
  }
  if (functions < 300) bad.push("the walk is blind: " + functions);
  return bad.join("; ") || "held";
})()
