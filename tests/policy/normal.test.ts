// One spelling for what a policy tests: what is written to be misread is no value at all.
import { fc, test as prop } from "@fast-check/vitest";
import { describe, expect, test } from "vitest";
import { normalAddress, normalHost, normalPath, normalUrl } from "../../policy-libs/policy/normal.ts";

type Case = readonly [written: string, read: string | undefined];
const long = (part: string, times: number): string => part.repeat(times);

describe("paths", () => {
  // biome-ignore format: a table
  const CASES: readonly Case[] = [
    ["/", "/"], ["", "/"], [".", "/"], ["./", "/"], ["/a", "/a"], ["a", "/a"], ["/a/", "/a"], ["a/../b", "/b"],
    ["/a//b", "/a/b"], ["/a/./b", "/a/b"], ["/a/.", "/a"], ["/a/b/..", "/a"], ["//a", "/a"], ["/a/../a/b", "/a/b"],
    ["/...", "/..."], ["/.hidden", "/.hidden"], ["/a..", "/a.."], ["/a b", "/a b"], ["/é", "/é"], ["/e\u0301", "/e\u0301"],
    ["/A", "/A"], ["/%2e%2e/a", "/%2e%2e/a"], ["/__proto__/constructor", "/__proto__/constructor"],
    // Out of the root, whatever is below.
    ["..", undefined], ["/..", undefined], ["../a", undefined], ["/a/../../b", undefined], ["a/../..", undefined],
    // Characters that end or split names somewhere.
    ["/a\0", undefined], ["/a\\..\\b", undefined], ["\\\\server\\share", undefined], ["/\ud800", undefined],
    [long("/a", 32_768), long("/a", 32_768)], [long("/a", 32_769), undefined],
  ];
  test.each(CASES)("%j is %j", (written, read) => expect(normalPath(written)).toBe(read));

  const parts = fc.array(fc.constantFrom("", ".", "..", "a", "b.c", "...", "é"), { maxLength: 12 });
  prop.prop([parts, fc.boolean()])(
    "a normal path has no empty part, no dots and no slash at its end",
    (list, isRooted) => {
      const path = normalPath(`${isRooted ? "/" : ""}${list.join("/")}`);
      if (path === undefined) return;
      const [root, ...names] = path.split("/");
      expect(root).toBe("");
      if (path !== "/") for (const name of names) expect(["", ".", ".."]).not.toContain(name);
      expect(normalPath(path)).toBe(path);
    },
  );

  prop.prop([parts])("what stays below its root is what a walk of its parts comes to", (list) => {
    const walk: string[] = [];
    let isOut = false;
    for (const part of list) {
      if (part === "..") isOut = walk.pop() === undefined || isOut;
      else if (part !== "" && part !== ".") walk.push(part);
    }
    expect(normalPath(list.join("/"))).toBe(isOut ? undefined : `/${walk.join("/")}`);
  });
});

describe("hosts", () => {
  // biome-ignore format: a table
  const CASES: readonly Case[] = [
    ["example.com", "example.com"], ["Example.COM", "example.com"], ["example.com.", "example.com"], ["EXAMPLE.com.", "example.com"],
    ["localhost", "localhost"], ["_dmarc.example.com", "_dmarc.example.com"], ["xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["r3---sn-x.example", "r3---sn-x.example"], ["a1.example", "a1.example"], ["1a", "1a"],
    ["BÜCHER.example", "xn--bcher-kva.example"], ["ｅｖｉｌ.com", "evil.com"], ["evil。com", "evil.com"], ["ev\u00adil.com", "evil.com"],
    ["\u212aernel.org", "kernel.org"],
    // Addresses in their one spelling.
    ["127.0.0.1", "127.0.0.1"], ["127.0.0.1.", "127.0.0.1"], ["::1", "::1"], ["[::1]", "::1"], ["0:0:0:0:0:0:0:1", "::1"],
    ["::ffff:10.0.0.1", "10.0.0.1"], ["[::FFFF:10.0.0.1]", "10.0.0.1"], ["::ffff:a00:1", "10.0.0.1"], ["2001:DB8::1", "2001:db8::1"],
    // Addresses in any other.
    ["0x7f.1", undefined], ["0X7F.1", undefined], ["127.1", undefined], ["2130706433", undefined], ["0177.0.0.1", undefined], ["127.0.0.01", undefined],
    ["127.0.0.256", undefined], ["1.2.3.4.5", undefined], ["0x", undefined], ["a.0x", undefined], ["a.1", undefined],
    ["１２７.0.0.1", undefined], ["fe80::1%eth0", undefined], ["[127.0.0.1", undefined], ["::1]", undefined],
    // No hosts.
    ["", undefined], [".", undefined], ["a..b", undefined], [".a", undefined], ["a..", undefined], ["-a.com", undefined],
    ["a-.com", undefined], ["a b", undefined], ["a\0.com", undefined], ["a.com\0.evil", undefined], ["a/b", undefined],
    ["a:80", undefined], ["user@a.com", undefined], ["a%2ecom", undefined], ["*.com", undefined], ["a\n.com", undefined],
    [`${long("a", 63)}.com`, `${long("a", 63)}.com`], [`${long("a", 64)}.com`, undefined],
    [`${long("a.", 126)}a`, `${long("a.", 126)}a`], [`${long("a.", 126)}aa`, undefined], [long("a", 1_000_000), undefined],
    ["__proto__", "__proto__"], ["constructor", "constructor"],
  ];
  test.each(CASES)("%j is %j", (written, read) => expect(normalHost(written)).toBe(read));

  prop.prop([fc.oneof(fc.string({ unit: "binary" }), fc.domain(), fc.ipV4(), fc.ipV6())])(
    "a normal host is ASCII in small letters, and stays",
    (text) => {
      const host = normalHost(text);
      if (host === undefined) return;
      expect(host).toMatch(/^[a-z0-9_.:-]+$/);
      expect(normalHost(host)).toBe(host);
    },
  );

  prop.prop([fc.domain()])("a host means the same as it does in a URL", (domain) => {
    expect(normalHost(domain.toUpperCase())).toBe(new URL(`http://${domain}`).hostname);
  });
});

describe("addresses", () => {
  // biome-ignore format: a table
  const CASES: readonly Case[] = [
    ["10.0.0.1", "10.0.0.1"], ["0.0.0.0", "0.0.0.0"], ["255.255.255.255", "255.255.255.255"], ["::", "::"], ["::1", "::1"],
    ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"], ["::ffff:10.0.0.1", "10.0.0.1"], ["::ffff:0a00:0001", "10.0.0.1"], ["0:0:0:0:0:ffff:7f00:1", "127.0.0.1"],
    ["::10.0.0.1", "::a00:1"], ["64:ff9b::10.0.0.1", "64:ff9b::a00:1"],
    ["10.0.0", undefined], ["10.0.0.01", undefined], ["010.0.0.1", undefined], ["10.0.0.1.", undefined], ["10.0.0.256", undefined],
    ["0x7f.1", undefined], ["", undefined], [" 10.0.0.1", undefined], ["10..0.1", undefined], [".10.0.1", undefined], ["10.0.0.1/8", undefined],
    ["[::1]", undefined], [":::", undefined], ["1::2::3", undefined], ["::1%1", undefined], ["example.com", undefined], ["٤.٤.٤.٤", undefined],
    [long("1", 100_000), undefined], [long("1:", 100_000), undefined],
  ];
  test.each(CASES)("%j is %j", (written, read) => expect(normalAddress(written)).toBe(read));

  prop.prop([fc.oneof(fc.ipV4(), fc.ipV6())])("a normal address stays", (text) => {
    const address = normalAddress(text);
    expect(address).toBeDefined();
    expect(normalAddress(address as string)).toBe(address);
  });
});

describe("URLs", () => {
  const read = (text: string) => {
    const { url, scheme, host, port, path } = normalUrl(text) ?? {};
    return [url, scheme, host, port, path];
  };
  test("a URL has a scheme, a host, a port and a path", () => {
    expect(read("HTTPS://API.Example.com./a/../b/?q=1#f")).toEqual([
      "https://api.example.com./b/?q=1",
      "https",
      "api.example.com",
      443,
      "/b",
    ]);
    expect(read("http://a.example:8080")).toEqual(["http://a.example:8080/", "http", "a.example", 8080, "/"]);
    expect(read("http://a.example:80//x//y/")).toEqual(["http://a.example//x//y/", "http", "a.example", 80, "/x/y"]);
    expect(read("https://bücher.example/ä")).toEqual([
      "https://xn--bcher-kva.example/%C3%A4",
      "https",
      "xn--bcher-kva.example",
      443,
      "/ä",
    ]);
  });

  test("an address in another spelling is the address to which a URL parser leads", () => {
    expect(read("http://0x7f.1/")[2]).toBe("127.0.0.1");
    expect(read("http://2130706433/")[2]).toBe("127.0.0.1");
    expect(read("http://[::ffff:10.0.0.1]/")[2]).toBe("10.0.0.1");
    expect(read("http://[::1]:81/")[2]).toBe("::1");
  });

  test("a path's escapes are resolved once, and those that stand for a separator make it unknown", () => {
    expect(read("http://a/%61dmin")[4]).toBe("/admin");
    expect(read("http://a/x/%2e%2E/admin")[4]).toBe("/admin");
    expect(read("http://a/%2561")[4]).toBe("/%61");
    for (const path of ["%2fadmin", "x%2F..%2fadmin", "a%5c..%5cb", "a%00", "%ff", "%", "%e0%80%af"]) {
      expect(read(`http://a/${path}`)[4]).toBeUndefined();
      expect(read(`http://a/${path}`)[2]).toBe("a");
    }
  });

  test("what has no host, port or path has none", () => {
    expect(read("mailto:a@b.example")).toEqual(["mailto:a@b.example", "mailto", undefined, undefined, undefined]);
    expect(read("gopher://a/x")).toEqual(["gopher://a/x", "gopher", "a", undefined, "/x"]);
  });

  test("what is written to be misread is no URL", () => {
    // biome-ignore format: a list
    const none = [
      "", "/a", "a.example", "//a.example/", "http://", "http://user@a.example/", "http://u:p@a.example/", "http://good.example\\@evil.example/",
      "ht\ntp://a/", " http://a/", "http://a/\u0000", "http://a b/", "http://a/\ud800", "http://a:99999/", `http://a/${long("x", 70_000)}`,
    ];
    for (const text of none) expect(normalUrl(text)).toBeUndefined();
  });
});
