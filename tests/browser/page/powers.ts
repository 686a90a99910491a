// Trials of what is granted: host functions, capabilities, policies, layers, programs.
import { gave, type Trial } from "./api.ts";

const CAREFUL = `policy careful over mail.send {
  default abstain
  deny mail.send when once files.readText because "this program has read a file"
}`;

const UPPER = `CHILD_CONTEXT_DEF.log = { type: "func", args: ["str"], exceptions: null, return: null,
  target: (text) => log(text.toUpperCase()) };
secure_dispatch_module();`;

const NO_MZ = `export default { files: { ...files, writeText(name, text) {
  if (text.startsWith("MZ")) throw Object.assign(new Error("no programs"), { code: "E_DENIED" });
  return files.writeText(name, text);
} } }`;

export const POWERS: Readonly<Record<string, Trial>> = {
  "a guest finds nothing of the page": {
    run: async ({ cordon }) => {
      const source = `["window", "document", "fetch", "self", "postMessage", "navigator", "localStorage", "Worker", "WebAssembly"]
        .filter((name) => name in globalThis || (0, eval)("typeof " + name) !== "undefined")`;
      return gave(await cordon.run({ source }));
    },
    gives: [],
  },
  "host functions are called, awaited, and throw into the guest": {
    run: async ({ cordon }) => {
      const grant = {
        sum: (...all: number[]) => all.reduce((a, b) => a + b, 0),
        later: (text: string) => new Promise((resolve) => setTimeout(resolve, 5, `${text}!`)),
        fail: () => {
          throw new RangeError("no");
        },
        reject: () => Promise.reject(new TypeError("later no")),
      };
      const source = `const said = (e) => e.name + ": " + e.message;
        let now; try { fail() } catch (e) { now = said(e) }
        [sum(1, 2, 39), await later("ok"), now, await reject().catch(said)]`;
      return gave(await cordon.run({ source, grant }));
    },
    gives: [42, "ok!", "RangeError: no", "TypeError: later no"],
  },
  "a blocking call is waited for without await, while the page goes on": {
    run: async ({ cordon }) => {
      const grant = { read: cordon.blocking(() => new Promise((resolve) => setTimeout(resolve, 20, 42))) };
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      const value = gave(await cordon.run({ source: "[1].map(() => read())[0]", grant }));
      clearInterval(timer);
      return [value, ticks > 0];
    },
    gives: [42, true],
    suspends: true,
  },
  "an attenuated capability can do no more, and what is revoked nothing": {
    run: async ({ cordon, libraries: { readOnly, revocable, subtree, tree } }) => {
      const all = tree({ "secret.txt": "no", mine: { "a.txt": "yes" } });
      const { granted: files, revoke } = revocable(readOnly(subtree(all, "mine")));
      await using box = await cordon.createSandbox({ grant: { files } });
      const code = "const code = (error) => error.code;";
      const first =
        await box.run(`${code} [await files.readText("a.txt"), await files.readText("../secret.txt").catch(code),
        await files.writeText("a.txt", "").catch(code)]`);
      revoke();
      return [...(gave(first) as string[]), gave(await box.run(`await files.readText("a.txt").catch((e) => e.code)`))];
    },
    gives: ["yes", "E_PATH", "E_READ_ONLY", "E_REVOKED"],
  },
  "a policy decides by what was called before": {
    run: async ({ cordon, libraries: { policy, tree } }) => {
      const source = `const first = mail.send("hello");
        const secret = await files.readText("secret.txt");
        try { mail.send(secret); } catch ({ message }) { [first, message]; }`;
      const grant = { files: tree({ "secret.txt": "hm" }), mail: { send: (text: string) => text.length } };
      return gave(await cordon.run({ source, grant, policy: policy.text(CAREFUL) }));
    },
    gives: [5, "this program has read a file"],
  },
  "a policy with a mistake is refused with its place": {
    run: ({ cordon, libraries: { policy } }) =>
      cordon.run({ source: "1", policy: policy.text("policy p over nothing.here {\n  alow it\n}") }).then(
        () => "ran",
        (error: { code: string; message: string }) => [error.code, /policy:2:\d+/.test(error.message)],
      ),
    gives: ["E_POLICY", true],
  },
  "a layer stands in front of a guest": {
    run: async ({ cordon, libraries: { FILES, tree } }) => {
      const offers = { files: FILES };
      using layers = await cordon.stack({ files: tree({}) }, [
        { name: "no-mz", source: NO_MZ, kind: "module", offers },
      ]);
      const source = `await files.writeText("a.txt", "hello");
        [await files.readText("a.txt"), await files.writeText("b.exe", "MZ...").catch((error) => error.code)]`;
      return gave(await cordon.run({ source, grant: layers.grant }));
    },
    gives: ["hello", "E_DENIED"],
  },
  "a guest hosts a guest": {
    run: async ({ cordon }) => {
      const grant = { domains: cordon.domains({ allow: { now: () => 40 } }) };
      const source = `const child = await domains.create({ give: ["now"], limits: { fuel: 1e7 } });
        (await child.run("now() + 2")).value`;
      return gave(await cordon.run({ source, grant }));
    },
    gives: 42,
  },
  "RepyV2 runs under its restrictions": {
    run: async ({ cordon }) => {
      const restrictions = await (await fetch("/cordon/samples/11-repy/restrictions")).text();
      const program = `const file = await openfile("hello.txt", true);
        await file.writeat("hello", 0);
        await log(await file.readat(null, 0));
        await file.close();`;
      const layers = [{ name: "upper", source: UPPER }];
      const { end, log } = await cordon.runRepy({ program, restrictions, layers });
      return [end.kind, String(log)];
    },
    gives: ["completed", "HELLO"],
  },
  "a WebAssembly program reads the file that it was granted": {
    run: async ({ cordon, libraries: { tree } }) => {
      const module = new Uint8Array(await (await fetch("/cordon/samples/05-wasm/program.wasm")).arrayBuffer());
      const result = await cordon.runProgram({ module, grant: { files: tree({ "README.md": "two words\nhere\n" }) } });
      return [
        result.status,
        /\b2\b.*\b3\b.*\b15\b/s.test(new TextDecoder().decode(result.stdout) + JSON.stringify(result.console)),
      ];
    },
    gives: ["returned", true],
    suspends: true, // it waits for what it reads
  },
  "an audit has a record of each call": {
    run: async ({ cordon }) => {
      const told: unknown[] = [];
      const to = (record: object): unknown =>
        "call" in record && told.push([record.call, "args" in record && record.args]);
      const audit = { to, values: "full" } as const;
      await cordon.run({ source: "tools.f(1); tools.f(2)", grant: { tools: { f: () => 1 } }, audit });
      return told;
    },
    gives: [
      ["f", [1]],
      ["f", [2]],
    ],
  },
};
