// Secrets: used at the boundary, never seen by the guest.
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type SecretOptions, secrets } from "../../policy-libs/index.ts";
import { outcome } from "./guest.ts";

const VALUE = 's3cr3t/Pa+ss &"word"<%>\\é😀\'';
const HOSTS = ["api.example.com", "Other.Example"];

function one(value = VALUE, options: Partial<SecretOptions> = {}) {
  const keep = secrets({ API_KEY: { value, hosts: HOSTS, ...options } });
  return { ...keep, placeholder: keep.granted.functions.use("API_KEY") as string };
}

describe("a guest", () => {
  test("learns names and placeholders, and the same placeholder each time", async () => {
    const { functions } = secrets({ A: { value: "12345678" }, B: { value: "12345678" } }).granted;
    expect(functions.names()).toEqual(["A", "B"]);
    expect(functions.use("A")).toMatch(/^cordon-secret-[0-9a-f]{32}$/);
    expect(functions.use("A")).toBe(functions.use("A"));
    expect(functions.use("A")).not.toBe(functions.use("B"));
    for (const name of ["C", "", "__proto__", "constructor"]) {
      expect(await outcome(() => functions.use(name))).toBe("E_NOT_GRANTED");
    }
  });

  test("cannot use the placeholder of another guest, or guess one", () => {
    const [own, other] = [one(), one()];
    expect(own.placeholder).not.toBe(other.placeholder);
    expect(own.reveal(other.placeholder, "api.example.com")).toBe(other.placeholder);
    expect(own.keyOf(other.placeholder)).toBeUndefined();
  });
});

describe("reveal", () => {
  test("puts values in the place of placeholders, for the hosts of the secret", () => {
    const { reveal, placeholder } = one();
    expect(reveal(`Bearer ${placeholder}, ${placeholder}`, "api.example.com")).toBe(`Bearer ${VALUE}, ${VALUE}`);
    for (const host of ["API.Example.COM", "other.example"]) expect(reveal(placeholder, host)).toBe(VALUE);
    expect(reveal("no placeholder", "anywhere.else")).toBe("no placeholder");
  });

  test.for([
    "example.com",
    "api.example.com.evil.com",
    "xapi.example.com",
    "api.example.com.",
    "api.example.com:443",
    " api.example.com",
    "api.example.com\0",
    "",
    // Another letter, which String.prototype.toLowerCase makes a "k" of.
    "api.example.com/",
  ])("refuses the host %j, and reveals nothing of the text", async (host) => {
    const { reveal, placeholder } = one();
    expect(await outcome(() => reveal(`a ${placeholder}`, host))).toBe("E_NOT_GRANTED");
  });

  test("does not take a letter for another that only looks like it when it is small", async () => {
    const { reveal, placeholder } = one("12345678", { hosts: ["kelvin.example"] });
    expect(reveal(placeholder, "KELVIN.example")).toBe("12345678");
    expect(await outcome(() => reveal(placeholder, "\u212aelvin.example"))).toBe("E_NOT_GRANTED");
  });

  test("refuses a text of two secrets of which one is not for this host", async () => {
    const keep = secrets({ A: { value: "aaaaaaaa", hosts: ["a"] }, B: { value: "bbbbbbbb", hosts: ["b"] } });
    const text = ["A", "B"].map((name) => keep.granted.functions.use(name)).join();
    expect(await outcome(() => keep.reveal(text, "a"))).toBe("E_NOT_GRANTED");
  });

  test("does not look for placeholders in values", () => {
    const keep = secrets({ A: { value: `cordon-secret-${"0".repeat(32)}`, hosts: ["a"] } });
    expect(keep.reveal(keep.granted.functions.use("A") as string, "a")).toBe(`cordon-secret-${"0".repeat(32)}`);
  });
});

describe("a value", () => {
  test("is in no property, inspection, JSON, text or error of what secrets() returns", async () => {
    const keep = one("unique-value-0123456789");
    const errors = [() => keep.reveal(keep.placeholder, "evil"), () => keep.keyOf(keep.placeholder)].map((call) => {
      try {
        return call();
      } catch (error) {
        return error;
      }
    });
    const shown = [keep, keep.granted, ...errors].flatMap((value) => [
      inspect(value, { depth: 20, showHidden: true, showProxy: true, getters: true }),
      JSON.stringify(value),
      String(value),
      ...Object.values(value as object).map(String),
    ]);
    expect(shown.join("\n")).not.toContain("unique-value");
    expect(errors.map((error) => (error as { code: string }).code)).toEqual(["E_NOT_GRANTED", "E_NOT_GRANTED"]);
  });

  test.for<[string, unknown]>([
    ["short", { value: "1234567" }],
    ["long", { value: "x".repeat(4_097) }],
    ["half", { value: "12345678\ud800" }],
    ["number", { value: 12345678 }],
    ["hosts", { value: "unique-value", hosts: "api.example.com" }],
    ["url", { value: "unique-value", hosts: ["https://api.example.com"] }],
    ["hmac", { value: "unique-value", hmac: "yes" }],
    ["bad name", { value: "unique-value" }],
  ])("that is no secret (%s) is refused, and not quoted", ([name, options]) => {
    const make = () => secrets({ [name]: options as SecretOptions });
    expect(make).toThrow(TypeError);
    expect(make).not.toThrow(/unique-value|1234567|xxx/);
  });

  test("may be changed in the options without the secret noticing", () => {
    const options = { value: "12345678", hosts: ["a"] };
    const keep = secrets({ A: options });
    options.hosts.push("evil");
    options.value = "changed!";
    expect(keep.reveal(keep.granted.functions.use("A") as string, "a")).toBe("12345678");
    expect(() => keep.reveal(keep.granted.functions.use("A") as string, "evil")).toThrow();
  });
});

const jsonOf = (text: string): string => JSON.stringify(text).slice(1, -1);
const htmlOf = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#039;" })[c] as string,
  );
const FORMS: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "percent-encoded": encodeURIComponent,
  "percent-encoded as a URL": encodeURI,
  "in small letters": (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  "as a form": (text) => new URLSearchParams({ q: text }).toString().slice(2),
  "as JSON": jsonOf,
  "as ASCII JSON": (text) =>
    jsonOf(text).replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
  "as JSON in HTML": (text) => jsonOf(text).replace(/[<>&'/]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  "as HTML": htmlOf,
  "as numbers of HTML": (text) => Array.from(text, (c) => `&#x${(c.codePointAt(0) as number).toString(16)};`).join(""),
  "as hexadecimal": (text) => Buffer.from(text).toString("hex"),
  "as large hexadecimal": (text) => Buffer.from(text).toString("hex").toUpperCase(),
};

describe("scrub", () => {
  test.for(Object.keys(FORMS))("takes out a value %s", (name) => {
    const { scrub, scrubBytes, placeholder } = one();
    const echoed = `you sent ${FORMS[name]?.(VALUE)}!`;
    expect(scrub(echoed)).toBe(`you sent ${placeholder}!`);
    expect(Buffer.from(scrubBytes(Buffer.from(echoed))).toString()).toBe(`you sent ${placeholder}!`);
  });

  test.for(["base64", "base64url"] as const)("takes out a value in %s, wherever in it the value stands", (encoding) => {
    const value = "unique-value-0123456789";
    const { scrub, placeholder } = one(value);
    for (const before of ["", "u", "us", "use", "user:"]) {
      const encoded = Buffer.from(`${before}${value}:after`).toString(encoding);
      const scrubbed = scrub(`Basic ${encoded}`);
      expect(scrubbed).toContain(placeholder);
      const left = scrubbed.replace(placeholder, "").replace("Basic ", "");
      expect(Buffer.from(left, encoding).toString("latin1")).not.toContain("value");
      // What is left of the value is less than one of its bytes at each end.
      expect(left.length).toBeLessThanOrEqual(encoded.length - Math.floor((value.length * 8) / 6) + 2);
    }
  });

  test("leaves everything else as it is, bytes that are no text included", () => {
    const { scrub, scrubBytes } = one();
    expect(scrub("s3cr3t/Pa+ss and more %41 &amp; \\u0041")).toBe("s3cr3t/Pa+ss and more %41 &amp; \\u0041");
    const all = Uint8Array.from({ length: 1_024 }, (_, i) => i & 255);
    expect(scrubBytes(all)).toEqual(all);
    expect(secrets({}).scrub("anything")).toBe("anything");
  });

  test("takes out the longer of two values of which one begins the other, and every occurrence", () => {
    const keep = secrets({ SHORT: { value: "abcdefgh" }, LONG: { value: "abcdefghijkl" } });
    const [short, long] = ["SHORT", "LONG"].map((name) => keep.granted.functions.use(name));
    expect(keep.scrub("abcdefghijkl abcdefghijk abcdefghabcdefgh")).toBe(`${long} ${short}ijk ${short}${short}`);
  });

  test("leaves no form of a value in any text around it", () => {
    const value = fc.string({ minLength: 8, maxLength: 40, unit: "binary" });
    const form = fc.constantFrom(...Object.values(FORMS).filter((f) => f !== encodeURI));
    fc.assert(
      fc.property(value, form, fc.string(), fc.string(), (secret, write, before, after) => {
        const { scrub } = one(secret);
        expect(scrub(`${before}${write(secret)}${after}`)).not.toContain(write(secret));
      }),
      { numRuns: 100 },
    );
  });
});

describe("a scrubbed stream", () => {
  const join = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString("latin1");

  test("gives the same whatever pieces the bytes come in", () => {
    const keep = secrets({ A: { value: "abababab" }, B: { value: "ababababcd" }, C: { value: "%%%%%%%%\\" } });
    const words = [
      "abababab",
      "ababababcd",
      "aba",
      "%25%25",
      "%%%%%%%%\\",
      "x",
      encodeURIComponent("%%%%%%%%\\"),
      "cd",
    ];
    const texts = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((all) => all.join(""));
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (text, cuts) => {
        const bytes = Buffer.from(text);
        const stream = keep.scrubStream();
        const pieces: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; at += cuts[i++ % cuts.length] as number) {
          pieces.push(stream.push(bytes.subarray(at, at + (cuts[i % cuts.length] as number))));
        }
        pieces.push(stream.end());
        expect(join(pieces)).toBe(join([keep.scrubBytes(bytes)]));
      }),
      { numRuns: 500 },
    );
  });

  test("keeps nothing back that cannot be the beginning of a value", () => {
    const { scrubStream } = one("unique-value");
    const stream = scrubStream();
    expect(join([stream.push(Buffer.from("event: 1\n\n"))])).toBe("event: 1\n\n");
    expect(join([stream.push(Buffer.from("echo: uniq"))])).toBe("echo: ");
    expect(join([stream.push(Buffer.from("ue!"))])).toBe("unique!");
    expect(join([stream.push(Buffer.from("unique-val")), stream.end()])).toBe("unique-val");
  });

  test("takes time in proportion to the text, when it is made to look like the value again and again", () => {
    const { scrub } = one(`${"\\".repeat(60)}%%%%%%%%&&&&&&&&`);
    const timeOf = (length: number): number => {
      const start = performance.now();
      for (const piece of ["\\", "\\\\", "%25", "%", "&amp;", "&", "\\u005c"]) scrub(piece.repeat(length));
      return performance.now() - start;
    };
    const best = (length: number): number => Math.min(timeOf(length), timeOf(length), timeOf(length));
    expect(best(10_000) / best(1_000)).toBeLessThan(40);
  });

  test("can have the largest secrets", () => {
    const options = Array.from({ length: 4 }, (_, i) => [`S${i}`, { value: String(i).repeat(4_096) }] as const);
    const keep = secrets(Object.fromEntries(options));
    expect(keep.scrub(`<${encodeURIComponent("3".repeat(4_096))}>`)).toBe(`<${keep.granted.functions.use("S3")}>`);
    expect(() => secrets(Object.fromEntries([...options, ["S5", { value: "12345678" }]]))).toThrow(/16384/);
  });
});
