// Names that lead astray: what a name resolves to is looked at once, checked, and used; a resolver is no friend.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SOCKET } from "../../policy-libs/net/contract.ts";
import { network } from "../../policy-libs/node/index.ts";
import { type Calls, calls, outcome } from "./net-kit.ts";

let port = 0;
let reached = 0;
const server = createServer((socket) => {
  reached++;
  socket.destroy();
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());

/** A resolver that answers each question with the next of these, and counts the questions. */
function answering(...answers: readonly unknown[]) {
  const asked: string[] = [];
  const resolver = async (name: string): Promise<string[]> => {
    asked.push(name);
    return answers[Math.min(asked.length, answers.length) - 1] as string[];
  };
  return { asked, resolver };
}

const connect = (guest: Calls, host: string): Promise<unknown> =>
  outcome(() => guest["connect"]!({ host, port, timeout: 200 }));

describe("a granted name", () => {
  test.each([
    ...["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"],
    ...["255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1"],
    ...["2002:7f00:1::", "2001:0:7f00:1::", "fe80::1", "fd00::1", "fd00:ec2::254", "168.63.129.16"],
  ])("that resolves to %s is not followed there", async (address) => {
    const { resolver } = answering([address]);
    const guest = calls(network({ allow: [`evil.example:${port}`], resolver }));
    expect(await connect(guest, "evil.example")).toBe("E_NOT_GRANTED");
    expect(await outcome(() => guest["resolve"]!("evil.example"))).toBe("E_NOT_GRANTED");
  });

  test.each([
    ...["2130706433", "0x7f000001", "017700000001", "127.1", "0177.0.0.1", "127.0.0.1 ", "127.0.0.1%lo", "localhost"],
    ...["[::1]", "::1%lo", "", null, 1, { toString: () => "127.0.0.1" }],
  ])("that resolves to %s resolves to nothing", async (answer) => {
    const guest = calls(
      network({ allow: [`evil.example:${port}`, `127.0.0.1:${port}`], resolver: answering([answer]).resolver }),
    );
    expect(await connect(guest, "evil.example")).toBe("E_NAME");
  });

  test.each([[undefined], [null], ["127.0.0.1"], [{ length: 1, 0: "127.0.0.1" }]])(
    "whose resolver answers %s resolves to nothing",
    async (answer) => {
      const guest = calls(network({ allow: [`evil.example:${port}`], resolver: answering(answer).resolver }));
      expect(await connect(guest, "evil.example")).toBe("E_NAME");
    },
  );

  test("that resolves to a public and a private address is followed to the public one only", async () => {
    // 192.0.2.1 is refused as documentation; 1.1.1.1 alone remains, and is not answered within the test's time.
    const { resolver } = answering(["127.0.0.1", "192.0.2.1"]);
    const guest = calls(network({ allow: [`evil.example:${port}`], resolver }));
    expect(await connect(guest, "evil.example")).toBe("E_NOT_GRANTED");
  });

  test("is looked up once for each call, and never between the check and the use", async () => {
    // Rebinding: a harmless answer for the check, the loopback for the use. 240.0.0.1 has no way.
    const { asked, resolver } = answering([`127.0.0.1`], ["10.0.0.1"], ["127.0.0.1"]);
    const guest = calls(network({ allow: [`evil.example:${port}`, `127.0.0.1:${port}`], resolver }));
    const before = reached;
    expect(await connect(guest, "evil.example")).toHaveProperty("contract", SOCKET);
    expect(asked).toEqual(["evil.example"]);
    expect(await connect(guest, "evil.example")).toBe("E_NOT_GRANTED");
    expect(asked).toHaveLength(2);
    expect(reached).toBe(before + 1);
  });

  test("leads to a granted address by leave of the address, not of another port or address", async () => {
    const { resolver } = answering(["127.0.0.1"]);
    const guest = (...allow: string[]) => calls(network({ allow, resolver }));
    const name = `evil.example:${port}`;
    expect(await connect(guest(name, `127.0.0.1:${port}`), "evil.example")).toHaveProperty("contract", SOCKET);
    expect(await connect(guest(name, "127.0.0.1:1"), "evil.example")).toBe("E_NOT_GRANTED");
    expect(await connect(guest(name, `127.0.0.2:${port}`), "evil.example")).toBe("E_NOT_GRANTED");
    expect(await connect(guest(name, `localhost:${port}`), "localhost")).toBe("E_NOT_GRANTED");
    expect(await connect(guest(`localhost:${port}`, `127.0.0.1:${port}`), "localhost")).toHaveProperty(
      "contract",
      SOCKET,
    );
  });
});

describe("a name that was not granted", () => {
  test("is never looked up: looking up would tell somebody", async () => {
    const { asked, resolver } = answering(["93.184.216.34"]);
    const guest = calls(network({ allow: ["api.example.com:443", "*.wide.example:443"], udp: [], resolver }));
    for (const host of ["secret.evil.example", "example.com", "wide.example", "api.example.com.evil.example"]) {
      expect(await outcome(() => guest["connect"]!({ host, port: 443 }))).toBe("E_NOT_GRANTED");
      expect(await outcome(() => guest["resolve"]!(host))).toBe("E_NOT_GRANTED");
      expect(await outcome(() => guest["send"]!({ host, port: 443, bytes: new Uint8Array(1) }))).toBe("E_NOT_GRANTED");
    }
    expect(await outcome(() => guest["connect"]!({ host: "api.example.com", port: 80 }))).toBe("E_NOT_GRANTED");
    expect(asked).toEqual([]);
    expect(await guest["resolve"]!("API.Example.Com.")).toEqual(["93.184.216.34"]);
    expect(asked).toEqual(["api.example.com"]);
  });
});

describe("a resolver", () => {
  test("that fails, hangs or answers with thousands harms nobody", async () => {
    const allow = [`evil.example:${port}`];
    const failing = calls(network({ allow, resolver: () => Promise.reject(new Error("/etc/secret/path")) }));
    const error = await failing["connect"]!({ host: "evil.example", port }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "E_NAME" });
    expect(String(error)).not.toContain("secret");
    const hanging = calls(network({ allow, resolver: () => new Promise(() => undefined) }));
    expect(await connect(hanging, "evil.example")).toBe("E_TIMEOUT");
    const many = calls(network({ allow, resolver: async () => new Array<string>(100_000).fill("10.0.0.1") }));
    expect(await connect(many, "evil.example")).toBe("E_NOT_GRANTED");
    const throwing = calls(
      network({
        allow,
        resolver: () => {
          throw new Error("at once");
        },
      }),
    );
    expect(await connect(throwing, "evil.example")).toBe("E_NAME");
  });

  test("of the host knows localhost without asking, and no name that cannot be", async () => {
    const guest = calls(network({ allow: ["nothing.invalid:80", `localhost:${port}`, `127.0.0.1:${port}`] }));
    expect(await guest["resolve"]!("localhost")).toEqual(["127.0.0.1"]);
    expect(await outcome(() => guest["resolve"]!("nothing.invalid"))).toBe("E_NAME");
  });
});
