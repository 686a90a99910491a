const copy = _context.copy();
await log(copy.get("_context") === copy, copy === _context);
await log(String(_context).length > 100, String(copy).length > 100);
const keyError = (call) => {
  try {
    call();
    return "no error";
  } catch (error) {
    return error.name;
  }
};
await log(new SafeDict().size, new SafeDict({ a: 1, b: 2 }).size, SafeDict({ a: 1 }).size);
const dict = new SafeDict({ a: 1, b: 2 });
await log(dict.get("a"), dict.get("z", 9), dict.get("z"), dict.has("b"), dict.has("z"));
await log(JSON.stringify(dict.items()), dict.keys().join(), dict.values().join(), String(dict));
await log(dict.pop("a"), dict.pop("a", 5), JSON.stringify(dict.popitem()), dict.size);
await log(keyError(() => dict.popitem()), keyError(() => dict.pop("a")));
await log(dict.setdefault("c", 3), dict.setdefault("c", 4));
dict.update({ d: 4 });
await log(String(dict), keyError(() => dict.update(new Map([["e", 1], [123, 456]]))), String(dict));
await log(keyError(() => dict.set("__proto__", 1)), keyError(() => dict.get(5)), keyError(() => dict.has("then")));
dict.clear();
dict.set("self", dict);
await log(String(dict), String(dict.copy()));
