// Traps of a proxy, toJSON, valueOf, Symbol.toPrimitive, iterators: encoding calls none of them.
// Expect: held
(function () {
  const bad = [];
  const trap = (name) => () => { bad.push(name + " was called"); return 1; };
  const traps = {};
  for (const t of Reflect.ownKeys(Reflect)) if (typeof Reflect[t] === "function") traps[t] = function () { bad.push("trap " + t); return Reflect[t].apply(Reflect, arguments); };
  const proxy = new Proxy({ a: 1 }, traps);
  for (const v of [proxy, [proxy], { p: proxy }, new Map([[proxy, proxy]]), new Set([proxy])]) try { hostEcho(v); bad.push("a proxy crossed"); } catch {}
  const noisy = { a: 1 };
  for (const name of ["toJSON", "valueOf", "toString", Symbol.toPrimitive, Symbol.iterator, "constructor", Symbol.toStringTag])
    Object.defineProperty(noisy, name, { value: trap(String(name)), enumerable: false });
  hostEcho(noisy);
  const list = [1, 2];
  list[Symbol.iterator] = trap("iterator");
  list.map = trap("map");
  hostEcho(list);
  const map = new Map([[1, 2]]);
  map.forEach = map.entries = map[Symbol.iterator] = trap("map's iterator");
  Object.defineProperty(map, "size", { get: trap("size") });
  try { hostEcho(map); } catch {}
  return bad.join("; ") || "held";
})()
