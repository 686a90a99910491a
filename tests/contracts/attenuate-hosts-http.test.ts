// HTTP to fewer hosts, ports and paths: hosts, over http that a function answers.
import { beforeEach, describe, expect, test } from "vitest";
import { HTTP, SOURCE } from "../../policy-libs/http/contract.ts";
import { type VirtualHandler, type VirtualHttpOptions, virtualHttp } from "../../policy-libs/http/virtual.ts";
import { capability, hosts, revocable } from "../../policy-libs/index.ts";
import { code, fetch, hello, seen } from "./http-kit.ts";
import { bytes, type Calls, calls, outcome, text } from "./net-kit.ts";

beforeEach(() => void seen.splice(0));

const base = (handler: VirtualHandler = hello, options: VirtualHttpOptions = {}) =>
  virtualHttp((request) => {
    seen.push(request);
    return handler(request);
  }, options);

const within = (list: readonly string[], handler?: VirtualHandler, options?: VirtualHttpOptions): Calls =>
  calls(hosts(base(handler, options), list));

const asked = (): string[] => seen.map(({ method, url }) => `${method} ${url}`);

/** Answers these URLs with a redirect, others with "there". */
const moved =
  (status: number, ways: Readonly<Record<string, string>>): VirtualHandler =>
  ({ url }) => {
    const location = ways[url];
    return location === undefined
      ? { body: "there" }
      : { status, headers: [["Location", location]], body: `moved to ${location}` };
  };

const API = ["https://api.test/v1/", "https://api.test/exact", "files.test:8000-8001", "*.sub.test:443"];

describe("a request through hosts", () => {
  test.each([
    ["https://api.test/v1/", "https://api.test/v1/"],
    ["https://api.test/v1/a/b?q=../..", "https://api.test/v1/a/b?q=../.."],
    ["https://api.test/v1/a/../b#top", "https://api.test/v1/b"],
    ["https://api.test/other/%2e%2e/v1/x", "https://api.test/v1/x"],
    ["https://api.test/exact?any", "https://api.test/exact?any"],
    ["HTTPS://API.TEST:443/v1/", "https://api.test/v1/"],
    ["https://api.test./v1/", "https://api.test/v1/"],
    ["http://files.test:8000/any//path", "http://files.test:8000/any//path"],
    ["https://files.test:8001/", "https://files.test:8001/"],
    ["https://a.sub.test/", "https://a.sub.test/"],
  ])("to %s is asked of the base as %s", async (url, as) => {
    expect(await fetch(within(API), { url })).toMatchObject({ status: 200, url: as });
    expect(asked()).toEqual([`GET ${as}`]);
  });

  test.each([
    // Other schemes, hosts and ports.
    ...["http://api.test/v1/", "http://api.test:443/v1/", "https://api.test:444/v1/", "https://b.test/v1/"],
    ...["https://x.api.test/v1/", "https://sub.test/", "http://files.test/", "http://files.test:8002/"],
    // Other paths, and those that a server may take for others.
    ...["https://api.test/", "https://api.test/v1", "https://api.test/V1/", "https://api.test/v1x/"],
    ...["https://api.test/v1/../v2/", "https://api.test/v1/%2e%2e/v2/", "https://api.test/v1/.%2E/x"],
    ...["https://api.test/v1/..%2fv2", "https://api.test/v1%2fx", "https://api.test/v1/a%5c..%5cb"],
    ...["https://api.test/v1//x", "https://api.test/v1/..;/x", "https://api.test/v1/%252e%252e/x"],
    ...["https://api.test/exact/", "https://api.test/exact/x", "https://api.test//v1/"],
    // Addresses are listed as addresses.
    ...["https://1.1.1.1/v1/", "https://127.0.0.1/v1/", "https://[::1]/v1/"],
  ])("to %s is not granted", async (url) => {
    for (const redirect of ["follow", "error", "manual"])
      expect(await code(within(API), { url, redirect })).toBe("E_NOT_GRANTED");
    expect(asked()).toEqual([]);
  });

  test("whose URL http does not take is refused as http refuses it, in its words", async () => {
    const urls = [
      ...["https://api.test@evil.test/v1/", "https://u:p@api.test/v1/", "https://api.test\\@evil.test/v1/"],
      ...["https:api.test/v1/", " https://api.test/v1/", "https://api.test/v1/\n", "https://0x7f.1/v1/", "file:///v1/"],
    ];
    const said = (http: Calls, url: string) =>
      http["fetch"]!({ url }).catch(({ name, code, message }: Error & { code: string }) => ({ name, code, message }));
    for (const url of urls) {
      const refusal = await said(within(API), url);
      expect(refusal).toMatchObject({ code: "E_URL" });
      expect(refusal).toEqual(await said(calls(base()), url));
    }
    // Of what is not granted, the guest hears the host that was asked for, and nothing of the list.
    for (const [url, host] of [
      ["https://b.test/v1/", "b.test"],
      ["https://api.test/v2", "api.test"],
    ] as const)
      expect(await said(within(API), url)).toMatchObject({
        code: "E_NOT_GRANTED",
        message: `"${host}": this host, port, path or method was not granted`,
      });
    expect(asked()).toEqual([]);
  });

  test("to an international name is one to its ASCII form, whichever of both is listed", async () => {
    for (const list of [["https://bücher.test/a/"], ["https://xn--bcher-kva.test/a/"], ["BÜCHER.test:443"]])
      for (const url of ["https://bücher.test/a/", "https://xn--bcher-kva.test/a/", "https://BÜCHER.TEST./a/"])
        expect(await code(within(list), { url })).toBe(200);
    expect(new Set(asked())).toEqual(new Set(["GET https://xn--bcher-kva.test/a/"]));
    // A Cyrillic letter that looks like a Latin one.
    expect(await code(within(["https://api.test/"]), { url: "https://аpi.test/" })).toBe("E_NOT_GRANTED");
  });

  test("to a listed address is asked", async () => {
    expect(await code(within(["127.0.0.1:80", "[::1]:80"]), { url: "http://127.0.0.1/" })).toBe(200);
    expect(await code(within(["[::1]:80"]), { url: "http://[0:0::1]/" })).toBe(200);
    expect(await code(within(["127.0.0.1:80"]), { url: "http://127.0.0.2/" })).toBe("E_NOT_GRANTED");
  });

  test("carries method, headers, body and streams as they were meant", async () => {
    const http = within(["a.test:443"]);
    const url = "https://a.test/";
    const many = Array.from({ length: 100 }, () => ["X-Y", " z "]);
    for (const body of ["é", Uint8Array.of(0, 255)]) {
      await fetch(http, { url, method: "post", headers: many, body });
      await fetch(calls(base()), { url, method: "post", headers: many, body });
    }
    const [one, same, two, alike] = seen;
    expect([one, two]).toEqual([same, alike]);
    expect(one!.headers).toHaveLength(101);
    const pieces = [bytes("one "), bytes("two")];
    const source = capability(SOURCE, { read: async () => pieces.shift() ?? new Uint8Array(0) });
    expect(await code(http, { url, method: "PUT", body: source })).toBe(200);
    expect(text(seen.at(-1)!.body)).toBe("one two");
    for (const [request, refusal] of [
      [{ url, body: "x" }, "E_METHOD"],
      [{ url, headers: [["host", "b.test"]] }, "E_HEADER"],
      [{ url, method: "TRACE" }, "E_NOT_GRANTED"],
    ] as const)
      expect(await code(http, request)).toBe(refusal);
  });

  test("that changes while it is under way has not changed", async () => {
    const request = { url: "https://a.test/", headers: [["x", "1"]] };
    const answer = fetch(within(["a.test:443"]), request);
    request.url = "https://b.test/";
    request.headers[0]![1] = "2";
    expect(await answer).toMatchObject({ url: "https://a.test/" });
    expect(seen).toMatchObject([{ url: "https://a.test/", headers: [["x", "1"]] }]);
  });

  test("gives a body that streams, under the same contract, and dies with what it came through", async () => {
    async function* body() {
      yield bytes("one ");
      yield bytes("two");
    }
    const narrow = hosts(
      base(() => ({ body: body() })),
      ["a.test:443"],
    );
    expect(narrow.contract).toBe(HTTP);
    const { granted, revoke } = revocable(narrow);
    const first = calls((await fetch(calls(granted), { url: "https://a.test/" }))["body"]);
    expect(text(await first["read"]!(4))).toBe("one ");
    expect(await first["text"]!()).toBe("two");
    const second = calls((await fetch(calls(granted), { url: "https://a.test/" }))["body"]);
    revoke();
    expect(await outcome(() => second["read"]!(1))).toBe("E_REVOKED");
  });
});

describe("a redirect through hosts", () => {
  const start = { url: "https://a.test/in/start" };
  const LIST = ["https://a.test/in/", "b.test:443"];
  const to = (location: string, status = 302) => moved(status, { [start.url]: location });

  test("is followed to what is listed", async () => {
    for (const [location, url] of [
      ["there", "https://a.test/in/there"],
      ["../in/x?y#z", "https://a.test/in/x?y"],
      ["//b.test/any", "https://b.test/any"],
      ["https://B.test./", "https://b.test/"],
    ] as const) {
      const answer = await fetch(within(LIST, to(location)), start);
      expect(answer).toMatchObject({ status: 200, url });
      expect(await calls(answer["body"])["text"]!()).toBe("there");
    }
  });

  test.each([
    ...["/out", "../out", "%2e%2e/out", "..%2fout", "https://a.test:444/in/", "https://c.test/", "//c.test/in/"],
    // To a scheme that is not listed.
    ...["http://a.test/in/", "http://b.test/", "http://127.0.0.1/", "http://[::1]/"],
  ])("to %s is not granted", async (location) => {
    expect(await code(within(LIST, to(location)), start)).toBe("E_NOT_GRANTED");
    expect(asked()).toEqual([`GET ${start.url}`]);
    expect(await code(calls(base(to(location))), start)).toBe(200);
  });

  test("from https to http is followed where that is listed, without credentials", async () => {
    const http = within([...LIST, "http://a.test/"], to("http://a.test/x"));
    const headers = [
      ["Authorization", "Bearer x"],
      ["cookie", "c=1"],
      ["x-keep", "1"],
    ];
    expect(await fetch(http, { ...start, headers })).toMatchObject({ url: "http://a.test/x" });
    expect(seen[0]!.headers.map(([name]) => name)).toEqual(["authorization", "cookie", "x-keep"]);
    expect(seen[1]!.headers).toEqual([["x-keep", "1"]]);
  });

  test("keeps credentials within an origin", async () => {
    await fetch(within(LIST, to("x")), { ...start, headers: [["Authorization", "Bearer x"]] });
    expect(seen[1]!.headers).toEqual([["authorization", "Bearer x"]]);
  });

  test("to what is no URL for http is none here", async () => {
    for (const location of ["file:///etc/passwd", "http://u:p@b.test/", "\\\\b.test\\", "https:b.test", "//127.1/"])
      expect(await code(within(LIST, to(location)), start)).toBe("E_URL");
    expect(new Set(asked())).toEqual(new Set([`GET ${start.url}`]));
  });

  test.each([
    [301, "POST", "GET"],
    [303, "POST", "GET"],
    [303, "PUT", "GET"],
    [307, "POST", "POST"],
    [308, "PUT", "PUT"],
  ])("%i in answer to %s with a body goes on with %s, as without hosts", async (status, method, then) => {
    for (const headers of [[], [["Content-Type", "text/x"]]]) {
      seen.splice(0);
      const request = { ...start, method, headers, body: "data" };
      await fetch(within(LIST, to("x", status)), request);
      await fetch(calls(base(to("x", status))), request);
      expect(seen.slice(0, 2)).toEqual(seen.slice(2));
      expect([seen[1]!.method, text(seen[1]!.body)]).toEqual([then, then === "GET" ? "" : "data"]);
    }
  });

  test("does not send a guest's stream a second time", async () => {
    const source = () => {
      const pieces = [bytes("x")];
      return capability(SOURCE, { read: async () => pieces.shift() ?? new Uint8Array(0) });
    };
    const post = { ...start, method: "POST" };
    expect(await code(within(LIST, to("x", 307)), { ...post, body: source() })).toBe("E_REDIRECT");
    expect(await code(within(LIST, to("x", 303)), { ...post, body: source() })).toBe(200);
  });

  test("is followed ten times, and no eleventh time", async () => {
    const chain = (length: number) =>
      moved(
        302,
        Object.fromEntries(
          Array.from({ length }, (_, at) => [`https://b.test/${at}`, at + 1 < length ? `/${at + 1}` : "/end"]),
        ),
      );
    expect(await code(within(LIST, chain(10)), { url: "https://b.test/0" })).toBe(200);
    expect(seen).toHaveLength(11);
    expect(await code(within(LIST, chain(11)), { url: "https://b.test/0" })).toBe("E_REDIRECT");
    expect(seen).toHaveLength(22);
  });

  test("may be refused or taken as it is, wherever it leads", async () => {
    const http = within(LIST, to("https://c.test/"));
    expect(await code(http, { ...start, redirect: "error" })).toBe("E_REDIRECT");
    const manual = await fetch(http, { ...start, redirect: "manual" });
    expect(manual).toMatchObject({ status: 302, url: start.url, headers: [["location", "https://c.test/"]] });
    expect(await calls(manual["body"])["text"]!()).toBe("moved to https://c.test/");
  });

  test("leaves no answer open, followed, refused or endless: one may be open at a time", async () => {
    async function* endless() {
      for (;;) yield new Uint8Array(1000);
    }
    const handler: VirtualHandler = ({ url }) => {
      const location = { "/in/start": "on", "/in/on": "/in/end", "/in/out": "/out", "/in/loop": "loop" };
      const found = location[new URL(url).pathname as "/in/on"];
      return found === undefined ? {} : { status: 302, headers: [["location", found]], body: endless() };
    };
    const http = calls(hosts(hosts(base(handler, { maxOpen: 1 }), LIST), LIST));
    const at = (path: string) => code(http, { url: `https://a.test/in/${path}` });
    for (const [path, outcome] of [
      ["start", 200],
      ["out", "E_NOT_GRANTED"],
      ["loop", "E_REDIRECT"],
      ["start", 200],
    ] as const)
      expect(await at(path)).toBe(outcome);
  });

  test("does not make the time longer: all hops share it", async () => {
    const slow: VirtualHandler = async ({ url }) => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return { status: 302, headers: [["location", `${url}x`]] };
    };
    expect(await code(within(LIST, slow), { ...start, timeout: 150 })).toBe("E_TIMEOUT");
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(4);
  });
});

describe("hosts over hosts, and over a base that grants less", () => {
  test("what all lists allow is allowed, in either order, in redirects too", async () => {
    const wide = ["https://a.test/", "b.test:443"];
    const narrow = ["a.test:443", "https://b.test/v1/"];
    const handler = moved(302, { "https://a.test/1": "https://b.test/v1/", "https://a.test/2": "https://b.test/v2/" });
    for (const [inner, outer] of [
      [wide, narrow],
      [narrow, wide],
    ] as const) {
      const bases = [hosts(base(handler), inner), base(handler, { allow: inner })];
      for (const http of bases.map((one) => calls(hosts(one, outer)))) {
        const at = (url: string) => code(http, { url });
        expect(await at("https://a.test/")).toBe(200);
        expect(await at("https://a.test/1")).toBe(200);
        expect(await at("https://b.test/v1/x")).toBe(200);
        for (const url of ["https://a.test/2", "https://b.test/v2/", "http://a.test:443/", "https://c.test/"])
          expect(await at(url)).toBe("E_NOT_GRANTED");
      }
    }
    expect(asked().filter((line) => line.includes("/v2/"))).toEqual([]);
  });

  test("a listed name that leads to a private address that the base did not grant leads nowhere", async () => {
    const options = { allow: ["a.test:443", "b.test:443"], resolver: async () => ["127.0.0.1"] };
    expect(await code(within(["a.test:443"], hello, options), { url: "https://a.test/" })).toBe("E_NOT_GRANTED");
    expect(seen).toEqual([]);
  });

  test("an empty list allows nothing, and a list that is none is refused", async () => {
    expect(await code(within([]), { url: "https://a.test/" })).toBe("E_NOT_GRANTED");
    const bad = [
      ...[["a.test"], [7], ["a.test:0"], ["*:80"], ["ftp://a.test/"], ["https://u@a.test/"], ["https://a.test/?q"]],
      ...[["https://a.test/a/../b"], ["https://a.test/a%2fb"], "a.test:443", { allow: ["a.test:443"] }, undefined],
    ];
    for (const list of bad)
      expect(() => hosts(base(), list as never)).toThrow(expect.objectContaining({ code: "E_GRANT" }));
  });
});
