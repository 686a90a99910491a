// HTTP answered by a function: redirects.
import { beforeEach, describe, expect, test } from "vitest";
import { SOURCE } from "../../policy-libs/http/contract.ts";
import type { VirtualHandler } from "../../policy-libs/http/virtual.ts";
import { capability } from "../../policy-libs/index.ts";
import { code, fetch, guest, seen } from "./http-kit.ts";
import { bytes, calls, text } from "./net-kit.ts";

beforeEach(() => void seen.splice(0));

describe("a redirect", () => {
  const moved =
    (status: number, location: string): VirtualHandler =>
    ({ url }) =>
      url === "https://a.test/start" ? { status, headers: [["location", location]], body: "moved" } : { body: "there" };
  const start = { url: "https://a.test/start" };
  const secret = [
    ["Authorization", "Bearer x"],
    ["Cookie", "c=1"],
    ["X-Keep", "1"],
    ["Content-Type", "text/x"],
  ];

  test("is followed to what it points at, seen from where it stands", async () => {
    for (const [location, url] of [
      ["/there?x", "https://a.test/there?x"],
      ["there", "https://a.test/there"],
      ["//b.test/x", "https://b.test/x"],
      ["http://b.test:81/x#y", "http://b.test:81/x"],
      ["?q", "https://a.test/start?q"],
    ] as const) {
      expect(await fetch(guest(moved(302, location)), start)).toMatchObject({ status: 200, url });
    }
  });

  test.each([
    [301, "POST", "GET"],
    [302, "POST", "GET"],
    [303, "POST", "GET"],
    [303, "PUT", "GET"],
    [303, "HEAD", "HEAD"],
    [301, "PUT", "PUT"],
    [307, "POST", "POST"],
    [308, "PUT", "PUT"],
  ])("%i in answer to %s goes on with %s", async (status, method, then) => {
    const body = method === "HEAD" ? {} : { body: "data" };
    await fetch(guest(moved(status, "/there")), { ...start, method, headers: secret, ...body });
    const names = seen[1]!.headers.map(([name]) => name);
    expect(seen[1]!.method).toBe(then);
    expect(text(seen[1]!.body)).toBe(then === "POST" || then === "PUT" ? "data" : "");
    expect(names.includes("content-type")).toBe(then === method);
    expect(names).toEqual(expect.arrayContaining(["authorization", "cookie", "x-keep"]));
  });

  test("to another origin takes no credentials along: another host, port or scheme", async () => {
    for (const location of ["https://b.test/", "https://a.test:444/", "http://a.test/", "https://sub.a.test/"]) {
      seen.splice(0);
      await fetch(guest(moved(307, location)), { ...start, method: "POST", headers: secret, body: "data" });
      expect(seen[1]!.headers).toEqual([
        ["x-keep", "1"],
        ["content-type", "text/x"],
      ]);
    }
  });

  test.each([
    ...["http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://[::ffff:127.0.0.1]/"],
    ...[
      "http://localhost/",
      "http://[64:ff9b::7f00:1]/",
      "http://0.0.0.0/",
      "https://evil.test/",
      "https://a.test:8443/",
    ],
  ])("to %s gains nothing", async (location) => {
    const http = guest(moved(302, location), { allow: ["a.test:443", "b.test:443"] });
    expect(await code(http, start)).toBe("E_NOT_GRANTED");
    expect(seen).toHaveLength(1);
  });

  test.each([
    ...[
      "http://2130706433/",
      "http://0x7f.1/",
      "http://017700000001/",
      "http://127.1/",
      "//127.1/",
      "//0x7f000001/",
      "///127.1/",
    ],
    ...[
      "file:///etc/passwd",
      "data:text/html,x",
      "javascript:alert(1)",
      "http://u:p@a.test/",
      "http:\\\\127.0.0.1\\",
      "ht\ttp://127.0.0.1/",
    ],
    ...["\\\\127.0.0.1\\x", "http:127.0.0.1", "https:there", `/${"x".repeat(9000)}`],
  ])("to %j is no way to go", async (location) => {
    expect(await code(guest(moved(302, location)), start)).toBe("E_URL");
    expect(seen).toHaveLength(1);
  });

  test("that never ends does", async () => {
    expect(
      await code(
        guest(({ url }) => ({ status: 302, headers: [["location", `${url}x`]] })),
        start,
      ),
    ).toBe("E_REDIRECT");
    expect(seen).toHaveLength(11);
  });

  test("may be refused or taken as it is", async () => {
    expect(await code(guest(moved(302, "/x")), { ...start, redirect: "error" })).toBe("E_REDIRECT");
    const manual = await fetch(guest(moved(302, "/x")), { ...start, redirect: "manual" });
    expect(manual).toMatchObject({ status: 302, headers: [["location", "/x"]] });
    expect(await calls(manual["body"])["text"]!()).toBe("moved");
    const two: VirtualHandler = () => ({
      status: 302,
      headers: [
        ["location", "/x"],
        ["Location", "/y"],
      ],
    });
    expect(await code(guest(two), start)).toBe("E_REDIRECT");
    expect(
      await code(
        guest(() => ({ status: 302 })),
        start,
      ),
    ).toBe(302);
    expect(
      await code(
        guest(() => ({ status: 304, headers: [["location", "/x"]] })),
        start,
      ),
    ).toBe(304);
  });

  test("does not send a guest's stream a second time", async () => {
    const source = () => {
      const pieces = [bytes("x")];
      return capability(SOURCE, { read: async () => pieces.shift() ?? new Uint8Array(0) });
    };
    expect(await code(guest(moved(307, "/x")), { ...start, method: "POST", body: source() })).toBe("E_REDIRECT");
    expect(await code(guest(moved(303, "/x")), { ...start, method: "POST", body: source() })).toBe(200);
  });

  test("is held to its methods too", async () => {
    const posting = guest(moved(303, "/x"), { methods: ["POST"] });
    expect(await code(posting, { ...start, method: "POST", body: "x" })).toBe("E_NOT_GRANTED");
  });
});
