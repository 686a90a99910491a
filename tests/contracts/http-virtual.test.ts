// HTTP answered by a function: what is checked before anything is asked.
import { beforeEach, describe, expect, test } from "vitest";
import { SOURCE } from "../../policy-libs/http/contract.ts";
import { capability } from "../../policy-libs/index.ts";
import { code, fetch, guest, hello, seen } from "./http-kit.ts";
import { bytes, calls, outcome, text } from "./net-kit.ts";

beforeEach(() => void seen.splice(0));

describe("a request", () => {
  test("gives status, headers with small names, the URL and a body that is pulled", async () => {
    const answer = await fetch(guest(), { url: "http://api.example.com/a b?q".replace(" ", "%20") });
    expect(answer).toMatchObject({ status: 200, url: "http://api.example.com/a%20b?q", headers: [["x-one", "1"]] });
    const body = calls(answer["body"]);
    expect(text(await body["read"]!(2))).toBe("he");
    expect(await body["text"]!()).toBe("llo");
    expect(await body["read"]!(2)).toEqual(new Uint8Array(0));
    expect(await body["bytes"]!()).toEqual(new Uint8Array(0));
    await body["cancel"]!();
    expect(await outcome(() => body["read"]!(1))).toBe("E_CLOSED");
  });

  test("carries method, headers and body as they were meant", async () => {
    const http = guest();
    await fetch(http, {
      url: "http://a.test/",
      method: "post",
      headers: [
        ["X-A", " 1 "],
        ["x-a", "2"],
      ],
      body: "é",
    });
    await fetch(http, { url: "http://a.test/", method: "PUT", body: Uint8Array.of(0, 255) });
    expect(seen[0]).toEqual({
      url: "http://a.test/",
      method: "POST",
      headers: [
        ["x-a", "1"],
        ["x-a", "2"],
        ["content-type", "text/plain;charset=UTF-8"],
      ],
      body: bytes("é"),
    });
    expect(seen[1]).toMatchObject({ method: "PUT", headers: [], body: Uint8Array.of(0, 255) });
  });

  test("pulls a body from the guest, piece by piece, and tells a source that fails from a server that does", async () => {
    const pieces = [bytes("one "), bytes("two"), new Uint8Array(0)];
    const source = capability(SOURCE, { read: async () => pieces.shift() ?? new Uint8Array(0) });
    const http = guest(hello, { maxBody: 100 });
    expect(await code(http, { url: "http://a.test/", method: "POST", body: source })).toBe(200);
    expect(text(seen[0]!.body)).toBe("one two");
    const failing = capability(SOURCE, { read: () => Promise.reject(Object.assign(new Error(), { code: "E_MINE" })) });
    expect(await code(http, { url: "http://a.test/", method: "POST", body: failing })).toBe("E_SOURCE");
    const odd = capability(SOURCE, { read: async () => "text" as never });
    expect(await code(http, { url: "http://a.test/", method: "POST", body: odd })).toBe("E_SOURCE");
    const endless = capability(SOURCE, { read: async () => new Uint8Array(30) });
    expect(await code(http, { url: "http://a.test/", method: "POST", body: endless })).toBe("E_TOO_LARGE");
    expect(await code(http, { url: "http://a.test/", method: "POST", body: new Uint8Array(101) })).toBe("E_TOO_LARGE");
    expect(seen).toHaveLength(1);
  });

  test.each([
    ...[
      "ftp://a.test/",
      "file:///etc/passwd",
      "data:,x",
      "javascript:1",
      "//a.test/",
      "/",
      "",
      "a.test",
      "http:a.test",
    ],
    ...[
      "http:/a.test/",
      "http:\\\\a.test\\",
      "http://a.test\\@b.test/",
      " http://a.test/",
      "http://a.test/\n",
      "http://a\t.test/",
    ],
    ...[
      "http://user@a.test/",
      "http://user:pass@a.test/",
      "http://:pass@a.test/",
      "http://a.test:0/",
      "http://a.test:99999/",
    ],
    ...["http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://１２７.0.0.1/"],
    ...[
      "http://127.0.0.1./",
      "http://%31%32%37.0.0.1/",
      "http://[::1%25lo]/",
      "http://[::ffff:0x7f.1]/",
      "http://a..b/",
    ],
    ...[
      "http://a.test/\ud800",
      `http://a.test/${"x".repeat(8192)}`,
      `http://a.test/${"é".repeat(3000)}`,
      "http:///a.test/",
    ],
  ])("to %s is no request", async (url) => {
    expect(await code(guest(), { url })).toBe("E_URL");
    expect(seen).toEqual([]);
  });

  test.each([
    ...[
      "Host",
      "connection",
      "Content-Length",
      "transfer-encoding",
      "Keep-Alive",
      "TE",
      "Trailer",
      "Upgrade",
      "expect",
    ],
    ...["Proxy-Authorization", "proxy-x", "Sec-Fetch-Site", "via", "", "a b", "a:b", "a\r\nb", "é", "a\0"],
  ])("with the header %j is refused", async (name) => {
    expect(await code(guest(), { url: "http://a.test/", headers: [[name, "x"]] })).toBe("E_HEADER");
    expect(seen).toEqual([]);
  });

  test.each(["a\r\nEvil: 1", "a\nb", "a\rb", "a\0b", "\x7f", "ā", "\ud800"])(
    "with the value %j is refused",
    async (value) => {
      expect(await code(guest(), { url: "http://a.test/", headers: [["x-a", value]] })).toBe("E_HEADER");
    },
  );

  test("has bounded headers, a method that is one, and no body where none belongs", async () => {
    const http = guest();
    const url = "http://a.test/";
    const many = Array.from({ length: 101 }, () => ["x", "y"]);
    expect(await code(http, { url, headers: many })).toBe("E_HEADER");
    expect(await code(http, { url, headers: many.slice(1) })).toBe(200);
    expect(await code(http, { url, headers: [["x", "y".repeat(16_385)]] })).toBe("E_HEADER");
    expect(await code(http, { url, body: "x" })).toBe("E_METHOD");
    expect(await code(http, { url, method: "HEAD", body: "x" })).toBe("E_METHOD");
    for (const method of ["", "GET / HTTP/1.1\r\n", "G T", "GÉT"])
      expect(await code(http, { url, method })).toBe("E_METHOD");
    for (const method of ["CONNECT", "TRACE", "connect", "BREW"])
      expect(await code(http, { url, method })).toBe("E_NOT_GRANTED");
  });
});

describe("a grant of http", () => {
  const GRANTS = [
    "api.example.com:443",
    "https://www.example.com/v1/",
    "https://www.example.com/only",
    "http://*.wide.test:8080/",
    "127.0.0.1:80",
  ];
  const ALLOWED = [
    ...["https://api.example.com/any?x", "http://api.example.com:443/", "https://API.Example.com./"],
    ...["https://www.example.com/v1/", "https://www.example.com/v1/a/b?c", "https://www.example.com/v1/a/../b"],
    ...[
      "https://www.example.com/only",
      "https://www.example.com/only?q",
      "http://a.wide.test:8080/x",
      "http://127.0.0.1/",
    ],
  ];
  const REFUSED = [
    ...[
      "http://api.example.com/",
      "https://api.example.com:444/",
      "https://example.com/",
      "https://api.example.com.evil.test/",
    ],
    ...[
      "http://www.example.com/v1/",
      "https://www.example.com/",
      "https://www.example.com/v1",
      "https://www.example.com/v10/",
    ],
    ...["https://www.example.com/v1/../x", "https://www.example.com/v1/%2e%2e/x", "https://www.example.com/v1/..%2fx"],
    ...[
      "https://www.example.com/v1/..%5cx",
      "https://www.example.com/v1/%252e%252e/x",
      "https://www.example.com/v1//../../x",
    ],
    ...["https://www.example.com/v1/..;/x", "https://www.example.com/v1/a%00", "https://www.example.com/V1/"],
    ...[
      "https://www.example.com/only/",
      "https://www.example.com/only/x",
      "https://a.wide.test:8080/",
      "http://wide.test:8080/",
    ],
    ...["http://127.0.0.2/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"],
  ];
  const http = guest.bind(undefined, hello, { allow: GRANTS });

  test.each(ALLOWED)("lets %s be asked", async (url) => expect(await code(http(), { url })).toBe(200));

  test.each(REFUSED)("does not let %s be asked", async (url) => {
    expect(await code(http(), { url })).toBe("E_NOT_GRANTED");
    expect(seen).toEqual([]);
  });

  test("bounds the methods", async () => {
    const reading = guest(hello, { methods: ["GET", "HEAD"] });
    expect(await code(reading, { url: "http://a.test/", method: "HEAD" })).toBe(200);
    expect(await code(reading, { url: "http://a.test/", method: "POST" })).toBe("E_NOT_GRANTED");
  });

  test.each([
    [["https://a.test/?q"], "query"],
    [["https://a.test/#x"], "query"],
    [["https://a.test/../"], "not plain"],
    [["https://a.test/%2e%2e/"], "not plain"],
    [["https://a.test/a b"], "not plain"],
    [["https://u:p@a.test/"], "password"],
    [["https://2130706433/"], "neither a name nor an address"],
    [["https://[127.0.0.1]/"], "IPv6"],
    [["ftp://a.test/"], "not a URL"],
    [["a.test"], "port is missing"],
    [[1], "a grant is a text"],
  ])("that is wrong says so: %j", (allow, why) => {
    expect(() => guest(hello, { allow: allow as string[] })).toThrow(
      expect.objectContaining({ code: "E_GRANT", message: expect.stringContaining(why) }),
    );
  });

  test.each([["CONNECT"], ["TRACE"], ["get"], [""], [1]])("of the method %j is wrong", (method) => {
    expect(() => guest(hello, { methods: [method as string] })).toThrow(expect.objectContaining({ code: "E_GRANT" }));
  });
});
