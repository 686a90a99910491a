// B74 and L1 to L14: layers as RepyV2 writes them, one above the other, and a program above them all.
import { describe, expect, test } from "vitest";
import { type RepyOptions, type RepyRun, runRepy } from "./harness.ts";

/** One function of a layer's own, under a contract, over `target`. */
const layerOf = (contract: string, target: string, before = ""): string =>
  `${before}\nCHILD_CONTEXT_DEF.own = { type: "func", ${contract}, target: ${target} };\nsecure_dispatch_module();`;

const ERROR_OF =
  'const errorOf = async (call) => { try { await call(); return "no error"; } catch (error) { return error.name; } }; ';

const COMPLETED = { kind: "completed" };
const EXITED = { kind: "exited" };

describe.each(["process", "domains"] as const)("layers as RepyV2 writes them, in %s", (place) => {
  const above = (stack: RepyOptions["stack"], text: string): Promise<RepyRun> =>
    runRepy({ place, stack, program: { text: ERROR_OF + text } });

  describe("contracts of layers", () => {
    test.for([
      ["(a) a set that holds integer", 'new Set(["int"])', ["RepyArgumentError", "no error"]],
      ["(b) integer", '"int"', ["RepyArgumentError", "no error"]],
      ["(c) a set that holds boolean", 'new Set(["bool"])', ["no error", "RepyArgumentError"]],
      ["(d) boolean", '"bool"', ["no error", "RepyArgumentError"]],
    ] as const)("B74 A boolean is not an integer in a contract: %s", async ([, type, [ofTrue, ofOne]]) => {
      const layer = layerOf(`args: [${type}], exceptions: null, return: null`, "() => undefined");
      const { lines, cause } = await above(
        [layer],
        "await log(await errorOf(() => own(true)), await errorOf(() => own(1)));",
      );
      expect(lines).toEqual([`${ofTrue} ${ofOne}`]);
      expect(cause).toEqual(COMPLETED);
    });

    test("W06 A boolean is no integer in a result either", async () => {
      const layer = layerOf('args: null, exceptions: null, return: "int"', "() => true");
      const { cause, lines } = await above([layer], "await own();");
      expect(cause).toEqual(EXITED);
      expect(lines).toEqual(["security layer layer0: own returned a boolean, which its contract does not declare"]);
    });

    test("L1 A wrong argument is the caller's fault", async () => {
      const layer = layerOf('args: ["int", "str"], exceptions: null, return: null', '() => log("called")');
      const { lines, cause } = await above(
        [layer],
        `for (const given of [[], [1], [1, "a", 2], ["a", 1], [1.5, "a"], [null, "a"]]) await log(await errorOf(() => own(...given)));
       await own(1, "a");
       await log("and goes on");`,
      );
      expect(lines).toEqual([...new Array(6).fill("RepyArgumentError"), "called", "and goes on"]);
      expect(cause).toEqual(COMPLETED);
    });

    test("L1 None in a set makes a position optional, and a wrong value there is still the caller's fault", async () => {
      const layer = layerOf(
        'args: ["int", new Set(["str", "none"])], exceptions: null, return: null',
        "() => undefined",
      );
      const text = `for (const given of [[1], [1, null], [1, "a"], [1, 2], []]) await log(await errorOf(() => own(...given)));`;
      const { lines } = await above([layer], text);
      expect(lines).toEqual(["no error", "no error", "no error", "RepyArgumentError", "RepyArgumentError"]);
    });

    test.for([
      ["none declared", "null", 'new FileNotFoundError("x")', "FileNotFoundError"],
      ["another class", '"FileInUseError"', 'new FileNotFoundError("x")', "FileNotFoundError"],
      ["an error of the language", '"RepyException"', 'new TypeError("x")', "TypeError"],
    ] as const)("L2 An undeclared error is the layer's fault: %s", async ([, declared, thrown, name]) => {
      const layer = layerOf(`args: null, exceptions: ${declared}, return: null`, `() => { throw ${thrown}; }`);
      const { lines, cause } = await above([layer], 'await log(await errorOf(own)); await log("never");');
      expect(cause).toEqual(EXITED);
      expect(lines).toEqual([`security layer layer0: own raised ${name}, which its contract does not declare`]);
    });

    test("L2 A declared error, and one below a declared class, reach the caller", async () => {
      const thrower = `() => { throw new FileNotFoundError("mine"); }`;
      for (const declared of [
        '"FileNotFoundError"',
        '"FileError"',
        'new Set(["TimeoutError", "FileError"])',
        '"any"',
        "FileError",
      ]) {
        const layer = layerOf(`args: null, exceptions: ${declared}, return: null`, thrower);
        const { lines, cause } = await above([layer], "await log(await errorOf(own));");
        expect(lines).toEqual(["FileNotFoundError"]);
        expect(cause).toEqual(COMPLETED);
      }
    });

    test.for([
      ['"str"', "5", "a number"],
      ['"list"', '"text"', "a string"],
      ["null", "1", "a number"],
      ['new Set(["str", "int"])', "1.5", "a number"],
      ['"dict"', "[]", "a list"],
    ] as const)("L3 An undeclared result is the layer's fault: %s, but %s", async ([declared, value, shown]) => {
      const layer = layerOf(`args: null, exceptions: null, return: ${declared}`, `() => (${value})`);
      const { lines, cause } = await above([layer], 'await log(await errorOf(own)); await log("never");');
      expect(cause).toEqual(EXITED);
      expect(lines).toEqual([`security layer layer0: own returned ${shown}, which its contract does not declare`]);
    });

    test("L4 Arguments cannot be changed after the check", async () => {
      const layer = layerOf(
        'args: ["list"], exceptions: null, return: "str"',
        `async (list) => { const first = list.join(); await sleep(1); kept = list; return first + " then " + list.join(); }`,
      );
      const { lines } = await above(
        [layer],
        `const list = [1, 2, 3];
       const answer = own(list);
       list.push(4);
       await createthread(async () => { await sleep(0.5); list[0] = "changed"; });
       await log(await answer);`,
      );
      expect(lines).toEqual(["1,2,3 then 1,2,3"]);
    });

    test("L5 Results cannot reach into the layer", async () => {
      const layer = layerOf('args: null, exceptions: null, return: "list"', "() => inner", "inner = [1, [2]];");
      const { lines } = await above(
        [layer],
        `const first = await own();
       first.push(9);
       first[1].push(9);
       await log(JSON.stringify(await own()));`,
      );
      expect(lines).toEqual(["[1,[2]]"]);
    });

    test("L6 Cyclic values survive the boundary", async () => {
      const layer = layerOf('args: ["any"], exceptions: null, return: "any"', "(value) => value");
      const { lines } = await above(
        [layer],
        `const list = [1];
       list.push(list);
       const back = await own(list);
       await log(back !== list, back[0], back[1] === back);
       const table = { inner: {} };
       table.inner.outer = table;
       const other = await own(table);
       await log(other !== table, other.inner.outer === other);`,
      );
      expect(lines).toEqual(["true 1 true", "true true"]);
    });

    const SHY = `
    class Shy {
      constructor(inner) { this.inner = inner; this.secret = "data"; }
      async first() { return "one"; }
      async second(number) { return number + 1; }
      async hidden() { return "hidden"; }
    }
    CHILD_CONTEXT_DEF.make = {
      type: "objc", args: null, exceptions: null, target: () => new Shy(openfile),
      return: { "obj-type": Shy, name: "Shy",
        first: { type: "func", args: null, exceptions: null, return: "str" },
        second: { type: "func", args: ["int"], exceptions: null, return: "int" } },
    };
    secure_dispatch_module();`;

    test("L7 Only declared methods exist on a wrapped object", async () => {
      const { lines } = await above(
        [SHY],
        `const shy = await make();
       await log(await shy.first(), await shy.second(1), await errorOf(() => shy.second("1")));
       await log(typeof shy.hidden, typeof shy.secret, typeof shy.inner, Object.keys(shy).join());
       await log(await errorOf(() => shy.hidden()));`,
      );
      expect(lines).toEqual(["one 2 RepyArgumentError", "undefined undefined undefined first,second", "TypeError"]);
    });

    test("L7 What is no instance of the declared class is the layer's fault", async () => {
      const broken = SHY.replace("new Shy(openfile)", "({ first: 1, second: 2 })");
      expect((await above([broken], "await make();")).cause).toEqual(EXITED);
    });
  });

  describe("stacks of layers", () => {
    test("L8 A deleted entry is absent above", async () => {
      const without = "delete CHILD_CONTEXT_DEF.openconnection; secure_dispatch_module();";
      const middle = `
        seen = "something";
        try { openconnection; } catch (error) { seen = error.name; }
        CHILD_CONTEXT_DEF.middle = { type: "const", target: [seen, "openconnection" in CHILD_CONTEXT_DEF] };
        secure_dispatch_module();`;
      const { lines } = await above(
        [without, middle],
        "await log(middle.join(), await errorOf(async () => openconnection));",
      );
      expect(lines).toEqual(["ReferenceError,false ReferenceError"]);
    });

    test("a layer may add calls, and constants, which reach the top as copies", async () => {
      const adds = `
      CHILD_CONTEXT_DEF.answer = { type: "const", target: { value: [42] } };
      CHILD_CONTEXT_DEF.twice = { type: "func", args: ["float"], exceptions: null, return: "float", target: (n) => 2 * n };
      secure_dispatch_module();`;
      const { lines } = await above(
        [adds, "secure_dispatch_module();"],
        "await log(await twice(1.5), answer.value[0]);",
      );
      expect(lines).toEqual(["3 undefined".replace("undefined", "42")]);
    });

    test("the layer of the reference's section 5.4: slow sleep, shy file", async () => {
      const slowAndShy = `
      CHILD_CONTEXT_DEF.sleep = { type: "func", args: ["float"], exceptions: null, return: null, target: (s) => sleep(Math.max(s, 2)) };
      class ShyFile {
        constructor(inner) { this.inner = inner; }
        readat(n, off) { if (off === 0) throw new RepyArgumentError("no first byte"); return this.inner.readat(n, off); }
        writeat(data, off) { return this.inner.writeat(data, off); }
        close() { return this.inner.close(); }
      }
      CHILD_CONTEXT_DEF.openfile = {
        type: "objc", args: ["str", "bool"], exceptions: "RepyException", target: async (n, c) => new ShyFile(await openfile(n, c)),
        return: { "obj-type": ShyFile, name: "ShyFile",
          readat: { type: "func", args: [new Set(["int", "none"]), "int"], exceptions: "RepyException", return: "str" },
          writeat: { type: "func", args: ["str", "int"], exceptions: "RepyException", return: null },
          close: { type: "func", args: null, exceptions: "RepyException", return: null } },
      };
      secure_dispatch_module();`;
      const { lines } = await above(
        [slowAndShy, "secure_dispatch_module();"],
        `const start = await getruntime();
       await sleep(0.5);
       await log((await getruntime()) - start);
       const file = await openfile("some.file", true);
       await file.writeat("Secret", 0);
       await log(await errorOf(() => file.readat(6, 0)), await file.readat(null, 1), await errorOf(() => file.readat(1, 99)));
       await file.close();
       await log(await errorOf(() => file.close()), await errorOf(() => openfile("absent", false)));`,
      );
      expect(lines).toEqual([
        "2",
        "RepyArgumentError ecret SeekPastEndOfFileError",
        "FileClosedError FileNotFoundError",
      ]);
    });

    const BAD = [
      ["no type", "{ target: sleep }", "there is no type of entry"],
      ["an unknown type", '{ type: "thing", target: sleep }', "there is no type of entry thing"],
      ["no target", '{ type: "func", args: null, exceptions: null, return: null }', "target is missing"],
      ["no args", '{ type: "func", exceptions: null, return: null, target: sleep }', "args is missing"],
      ["no exceptions", '{ type: "func", args: null, return: null, target: sleep }', "exceptions is missing"],
      ["no return", '{ type: "func", args: null, exceptions: null, target: sleep }', "return is missing"],
      [
        "an unknown argument type",
        '{ type: "func", args: ["spam"], exceptions: null, return: null, target: sleep }',
        "spam",
      ],
      ["an unknown error", '{ type: "func", args: null, exceptions: "Spam", return: null, target: sleep }', "Spam"],
      [
        "no obj-type",
        '{ type: "objc", args: null, exceptions: null, return: { name: "A" }, target: sleep }',
        "obj-type",
      ],
      [
        "no name",
        '{ type: "objc", args: null, exceptions: null, return: { "obj-type": Object }, target: sleep }',
        "name",
      ],
      [
        "__init__ as a method",
        '{ type: "objc", args: null, exceptions: null, return: { "obj-type": Object, name: "A", ["_".repeat(2) + "init" + "_".repeat(2)]: { type: "func", args: null, exceptions: null, return: null } }, target: sleep }',
        "cannot be a method",
      ],
      [
        "a constant as a method",
        '{ type: "objc", args: null, exceptions: null, return: { "obj-type": Object, name: "A", m: { type: "const", target: 1 } }, target: sleep }',
        "must be func or objc",
      ],
      ["a constant that is a function", '{ type: "const", target: sleep }', "must be data"],
      ["not even a table", "5", "must be a table"],
    ] as const;
    test.for(BAD)("L10 An incomplete contract is refused at load: %s", async ([, entry, why]) => {
      const layer = `CHILD_CONTEXT_DEF.faulty = ${entry};\nsecure_dispatch_module();`;
      const started = above([layer], 'await log("started");');
      await expect(started).rejects.toThrow(/RepyArgumentError\): faulty/);
      await expect(above([layer], "")).rejects.toThrow(why);
    });

    test("L11 A layer that does not dispatch stops everything above", async () => {
      await expect(above(["const a = 1;"], 'await log("started");')).rejects.toThrow("layer0 did not dispatch");
      await expect(above(["secure_dispatch_module();", "await sleep(1);"], "")).rejects.toThrow(
        "layer1 did not dispatch",
      );
    });

    test("L11 A layer dispatches once", async () => {
      await expect(above(["secure_dispatch_module(); secure_dispatch_module();"], "")).rejects.toThrow(
        "dispatched already",
      );
    });

    test("L12 A bad layer file stops everything above", async () => {
      const tooLong = `secure_dispatch_module();${" ".repeat(100_000)}`;
      await expect(above([{ file: "no-such-layer" }], "")).rejects.toThrow(
        place === "process" ? "no-such-layer: there is no such layer" : "a layer is { name, source }, both text",
      );
      await expect(above([tooLong], "")).rejects.toThrow("layer0: longer than 100000 bytes");
      await expect(above(['import "x"; secure_dispatch_module();'], "")).rejects.toThrow(
        "layer0: Unsafe call 'Import' in line 1",
      );
      await expect(above(["secure_dispatch_module(; "], "")).rejects.toThrow(/layer0: .* in line 1/);
    });

    test("L12 A layer of exactly 100,000 bytes runs whole (W05)", async () => {
      const head = "const end = () => secure_dispatch_module(); //";
      const tail = "\nend();";
      const exact = head + " ".repeat(100_000 - head.length - tail.length) + tail;
      expect(exact).toHaveLength(100_000);
      expect((await above([exact], 'await log("started");')).lines).toEqual(["started"]);
    });

    test("L13 Layers do not share names", async () => {
      const probe = `[Object.keys(mycontext).length, _context.has("private_name"), await errorOf(async () => private_name)]`;
      const layer = (found: string): string =>
        `${ERROR_OF} ${found} private_name = 1; mycontext.note = "mine"; secure_dispatch_module();`;
      const second = layer(`CHILD_CONTEXT_DEF.middle = { type: "const", target: ${probe} };`);
      const { lines } = await above([layer(""), second], `await log(middle.join(), ${probe}.join());`);
      expect(lines).toEqual(["0,false,ReferenceError 0,false,ReferenceError"]);
    });

    test("L14 The table is the only way down", async () => {
      const layer = `
      marker = { secret: "of the layer" };
      class Holder { constructor() { this.marker = marker; } async get() { return 1; } async fail() { const error = new FileError("x"); error.extra = marker; throw error; } }
      CHILD_CONTEXT_DEF.hold = { type: "objc", args: null, exceptions: null, target: () => new Holder(),
        return: { "obj-type": Holder, name: "Holder",
          get: { type: "func", args: null, exceptions: null, return: "int" },
          fail: { type: "func", args: null, exceptions: "FileError", return: null } } };
      secure_dispatch_module();`;
      const walk = `
      const seen = new Set();
      const found = [];
      const visit = (value, path) => {
        if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return;
        seen.add(value);
        if (path.includes("marker") || (typeof value === "object" && "secret" in value)) found.push(path);
        const items = value instanceof SafeDict ? value.items() : Reflect.ownKeys(value).map((key) => {
          const { get, value: inner } = Object.getOwnPropertyDescriptor(value, key) ?? {};
          return [String(key), get ?? inner];
        });
        for (const [key, item] of items) visit(item, path + "." + key);
        visit(Object.getPrototypeOf(value), path + "[proto]");
      };
      const held = await hold();
      let caught;
      try { await held.fail(); } catch (error) { caught = error; }
      for (const [name, value] of Object.entries({ _context, held, caught, resources: await getresources() })) visit(value, name);
      await log(seen.size > 100, found.join(), caught instanceof FileError, "extra" in caught);`;
      const { lines } = await above([layer], walk);
      expect(lines).toEqual(["true  true false"]);
    });
  });
});
