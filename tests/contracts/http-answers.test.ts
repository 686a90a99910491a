// HTTP answered by a function: bodies of answers, and secrets.
import { beforeEach, describe, expect, test } from "vitest";
import type { VirtualHandler } from "../../policy-libs/http/virtual.ts";
import { code, fetch, guest, seen } from "./http-kit.ts";
import { bytes, type Calls, calls, newClock, outcome, text } from "./net-kit.ts";

beforeEach(() => void seen.splice(0));

describe("an answer", () => {
  test("is bounded as a whole, and where it is taken whole", async () => {
    const http = guest(() => ({ body: "x".repeat(1000) }), { maxBody: 999 });
    const body = async (): Promise<Calls> => calls((await http["fetch"]!({ url: "http://a.test/" })).body);
    expect(await outcome(async () => (await body())["text"]!())).toBe("E_TOO_LARGE");
    const wide = guest(() => ({ body: "x".repeat(1000) }));
    const whole = async (most: number) => calls((await wide["fetch"]!({ url: "http://a.test/" })).body)["bytes"]!(most);
    expect(await outcome(() => whole(999))).toBe("E_TOO_LARGE");
    expect(await outcome(() => whole(1000))).toHaveLength(1000);
  });

  test("that never ends is made only as fast as it is read, and stops when nobody wants it", async () => {
    let [made, isOver] = [0, false];
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          made++;
          yield new Uint8Array(10_000);
        }
      } finally {
        isOver = true;
      }
    }
    const body = calls(
      (
        await fetch(
          guest(() => ({ body: endless() })),
          { url: "http://a.test/" },
        )
      )["body"],
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(made).toBeLessThan(10);
    expect(await body["read"]!(20_000)).toHaveLength(20_000);
    await body["cancel"]!();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isOver).toBe(true);
    expect(made).toBeLessThan(15);
  });

  test("that breaks off says so after what came", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes("some");
      throw new Error("/etc/secret");
    }
    const body = calls(
      (
        await fetch(
          guest(() => ({ body: broken() })),
          { url: "http://a.test/" },
        )
      )["body"],
    );
    expect(text(await body["read"]!(100))).toBe("some");
    expect(await outcome(() => body["read"]!(100))).toBe("E_CLOSED_REMOTE");
    expect(
      await code(
        guest(() => Promise.reject(new Error("x"))),
        { url: "http://a.test/" },
      ),
    ).toBe("E_CLOSED_REMOTE");
  });

  test("that does not come, or stops coming, or is never read, ends with the timeout", async () => {
    const clock = newClock();
    const options = { later: clock.later, maxOpen: 1 };
    const silent = code(
      guest(() => new Promise(() => undefined), options),
      { url: "http://a.test/", timeout: 1000 },
    );
    await clock.pass(1000);
    expect(await silent).toBe("E_TIMEOUT");
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield bytes("x");
      await new Promise(() => undefined);
    }
    const http = guest(() => ({ body: slow() }), options);
    const ask = async (): Promise<Calls> =>
      calls((await http["fetch"]!({ url: "http://a.test/", timeout: 1000 })).body);
    const body = await ask();
    expect(await code(http, { url: "http://a.test/" })).toBe("E_MOST_OPEN");
    expect(text(await body["read"]!(1))).toBe("x");
    const more = outcome(() => body["read"]!(1));
    await clock.pass(999);
    await clock.pass(1);
    expect(await more).toBe("E_TIMEOUT");
    const unread = await ask();
    await clock.pass(1000);
    expect(await outcome(() => unread["read"]!(1))).toBe("E_TIMEOUT");
    await ask();
  });

  test("without a body takes no place", async () => {
    const http = guest(() => ({ status: 204 }), { maxOpen: 1 });
    for (let count = 0; count < 10; count++) expect(await code(http, { url: "http://a.test/" })).toBe(204);
  });
});

describe("secrets", () => {
  const secrets = {
    reveal(given: string, host: string): string {
      if (given.includes("{key}") && host !== "a.test") throw Object.assign(new Error(), { code: "E_NOT_GRANTED" });
      return given.replaceAll("{key}", "s3cret");
    },
    scrub: (given: string) => given.replaceAll("s3cret", "{key}"),
    scrubStream: () => {
      let kept = "";
      return {
        push: (piece: Uint8Array) => {
          kept += text(piece);
          return new Uint8Array(0);
        },
        end: () => bytes(kept.replaceAll("s3cret", "{key}")),
      };
    },
  };
  const echo: VirtualHandler = ({ headers, body }) => ({ headers: [["x-echo", headers[0]?.[1] ?? ""]], body });

  test("are put in at the boundary and taken out of the answer: the guest never sees them", async () => {
    const http = guest(echo, { secrets, secretsInBody: true });
    const answer = await fetch(http, {
      url: "https://a.test/",
      method: "POST",
      headers: [["x-key", "Bearer {key}"]],
      body: "k={key}",
    });
    expect(seen[0]!.headers[0]).toEqual(["x-key", "Bearer s3cret"]);
    expect(text(seen[0]!.body)).toBe("k=s3cret");
    expect(answer["headers"]).toEqual([["x-echo", "Bearer {key}"]]);
    expect(await calls(answer["body"])["text"]!()).toBe("k={key}");
  });

  test("stay out of bodies unless that was asked for, and out of bytes always", async () => {
    await fetch(guest(echo, { secrets }), { url: "https://a.test/", method: "POST", body: "{key}" });
    await fetch(guest(echo, { secrets, secretsInBody: true }), {
      url: "https://a.test/",
      method: "POST",
      body: bytes("{key}"),
    });
    expect(seen.map(({ body }) => text(body))).toEqual(["{key}", "{key}"]);
  });

  test("are put in for each hop anew: a redirect to another host does not take them along", async () => {
    const away: VirtualHandler = ({ url }) =>
      url.startsWith("https://a.test/") ? { status: 302, headers: [["location", "https://b.test/"]] } : {};
    const http = guest(away, { secrets });
    expect(await code(http, { url: "https://a.test/", headers: [["x-key", "{key}"]] })).toBe("E_NOT_GRANTED");
    expect(seen.map(({ url }) => url)).toEqual(["https://a.test/"]);
  });

  test("are not told by a redirect that echoes them: not where it led, nor in what refuses it", async () => {
    const back =
      (location: string): VirtualHandler =>
      ({ url }) =>
        url === "https://a.test/" ? { status: 302, headers: [["location", location]] } : { body: "there" };
    const asked = { url: "https://a.test/", headers: [["x-key", "Bearer {key}"]] };
    const followed = await fetch(guest(back("https://a.test/t?s3cret"), { secrets }), asked);
    expect(followed["url"]).toBe("https://a.test/t?{key}");
    for (const location of ["https://s3cret:1/", "ftp://s3cret/", "https://c.test/s3cret"]) {
      const http = guest(back(location), { secrets, allow: ["a.test:443"] });
      const error = await Promise.resolve(http["fetch"]!(asked)).catch((thrown: Error) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).not.toContain("s3cret");
    }
  });

  test("cannot make a header into two", async () => {
    const evil = { reveal: (given: string) => given.replace("{key}", "x\r\nEvil: 1") };
    expect(await code(guest(echo, { secrets: evil }), { url: "https://a.test/", headers: [["x-key", "{key}"]] })).toBe(
      "E_HEADER",
    );
    expect(seen).toEqual([]);
  });
});
