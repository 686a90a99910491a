// Addresses and hosts are read in one way or not at all; ranges and grants decide on what was read.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { address4, address6, parseAddress } from "../../policy-libs/net/address.ts";
import { parseHost } from "../../policy-libs/net/host.ts";
import { isLoopback, SPECIAL_RANGES, specialRange } from "../../policy-libs/net/ranges.ts";

const text = (alleged: unknown): string | undefined => parseAddress(alleged)?.text;
const rangeOf = (alleged: string): string | undefined => {
  const address = parseAddress(alleged);
  return address === undefined ? "no address" : specialRange(address)?.is;
};

describe("addresses", () => {
  test.each([
    ["127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["::", "::"],
    ["::1", "::1"],
    // RFC 5952 4: small letters, no leading zeros, the longest run, the first of two, never a single zero group.
    ["2001:0DB8:0:0:0:0:0:A", "2001:db8::a"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::ffff:7f00:1", "::ffff:127.0.0.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
  ])("%s is read, and written as %s", (given, canonical) => {
    expect(text(given)).toBe(canonical);
    expect(text(canonical)).toBe(canonical);
  });

  test.each([
    ...["0127.0.0.1", "127.0.0.01", "127.1", "127.0.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "017700000001"],
    ...["127.0.0.1.", "127.0.0.1 ", " 127.0.0.1", "127.0.0.256", "1.2.3.4.5", "+1.2.3.4", "1.2.3.-4", "1.2.3.1e1", ""],
    ...[
      "１２７.0.0.1",
      "127。0。0。1",
      "1..2.3",
      "[::1]",
      "::1%lo",
      "fe80::1%25eth0",
      ":::",
      "1::2::3",
      "1:2:3:4:5:6:7",
    ],
    ...[
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "12345::",
      "::g",
      "::1.2.3",
      "::01.2.3.4",
      "1.2.3.4::",
      "::1.2.3.4:5",
      ":1",
      "1:",
    ],
    ...["0000:0000:0000:0000:0000:0000:0000:0000:0000", undefined, null, 1, {}],
  ])("%s is no address", (given) => {
    expect(text(given)).toBeUndefined();
  });

  test("every IPv4 address is read as the number it is, and every other spelling of inet_aton is refused", () => {
    const part = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(part, part, part, part, (...parts) => {
        const address = parseAddress(parts.join("."));
        expect(address?.bits).toBe(BigInt(parts.reduce((sum, one) => sum * 256 + one, 0)));
        expect(text(String(address?.bits))).toBeUndefined();
        expect(text(parts.map((one) => `0x${one.toString(16)}`).join("."))).toBeUndefined();
        expect(text(parts.map((one) => `0${one.toString(8)}`).join("."))).toBeUndefined();
      }),
    );
  });

  test("every IPv6 address is read as a URL of the host reads it", () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const address = parseAddress(groups.map((one) => one.toString(16)).join(":"));
        const ofHost = new URL(`http://[${groups.map((one) => one.toString(16)).join(":")}]/`).hostname.slice(1, -1);
        expect(parseAddress(ofHost)?.bits).toBe(address?.bits);
        // WHATWG writes a mapped address in hexadecimal; RFC 5952 5 wants it decimal.
        if (!address?.text.includes(".")) expect(ofHost).toBe(address?.text);
      }),
    );
  });
});

describe("hosts", () => {
  test.each([
    ["example.com", "example.com"],
    ["EXAMPLE.Com.", "example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["localhost", "localhost"],
    ["_sip.a_b.c-d", "_sip.a_b.c-d"],
    ["127.0.0.1", "127.0.0.1"],
    ["::1", "::1"],
  ])("%s is the host %s", (given, canonical) => expect(parseHost(given)?.text).toBe(canonical));

  test.each([
    ...[
      "",
      ".",
      "..",
      "a..b",
      "a b",
      "a/b",
      "a@b",
      "a:80",
      "a%2eb",
      "a#b",
      "a?b",
      "a\\b",
      "a\nb",
      "a\0b",
      "[::1]",
      "*.a",
    ],
    ...["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "0", "１２７.0.0.1", "①.①.①.①", "example.0x1", "1.2.3.4.5"],
    ...["127.0.0.1.", "-a.com", "a-.com", `${"a".repeat(64)}.com`, `${"a.".repeat(127)}a`, "a\ud800b", 1, null],
  ])("%s is no host", (given) => expect(parseHost(given)).toBeUndefined());
});

describe("special ranges", () => {
  test.each([
    ...["0.0.0.0", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.255.255.254", "168.63.129.16"],
    ...["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1"],
    ...["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
    ...[
      "::",
      "::1",
      "::ffff:8.8.8.8",
      "::127.0.0.1",
      "64:ff9b::7f00:1",
      "64:ff9b:1::1",
      "100::1",
      "2001::1",
      "2001:2::1",
    ],
    ...[
      "2001:db8::1",
      "2002:7f00:1::",
      "3fff::1",
      "5f00::1",
      "fc00::1",
      "fd00:ec2::254",
      "fe80::1",
      "fec0::1",
      "ff02::1",
    ],
    ...["4000::1", "8000::", "1::", "fe00::"],
  ])("%s lies in one", (given) => {
    expect(rangeOf(given)).toMatch(/^(?!no address)./);
  });

  test.each([
    ...[
      "1.1.1.1",
      "8.8.8.8",
      "9.255.255.255",
      "11.0.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "126.255.255.255",
      "128.0.0.0",
    ],
    ...[
      "168.63.129.15",
      "169.253.255.255",
      "169.255.0.0",
      "172.15.255.255",
      "172.32.0.0",
      "192.0.1.0",
      "192.167.255.255",
    ],
    ...["192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00::", "2001:200::"],
    ...["2001:4860:4860::8888", "2003::", "3ffe:ffff::"],
  ])("%s lies in none", (given) => expect(rangeOf(given)).toBeUndefined());

  test("every row names its first address or its last: no row is shadowed whole", () => {
    for (const { range, is } of SPECIAL_RANGES) {
      const [first, length] = range.split("/");
      const { family, bits } = parseAddress(first)!;
      const size = 1n << BigInt((family === 4 ? 32 : 128) - Number(length));
      expect(bits % size).toBe(0n);
      const last = family === 4 ? address4(bits + size - 1n) : address6(bits + size - 1n);
      expect([rangeOf(first!), rangeOf(last.text)]).toContain(is);
    }
  });

  test("loopback is told by the address, in every form", () => {
    const loop = (given: string): boolean => isLoopback(parseAddress(given)!);
    expect(["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"].map(loop)).toEqual([true, true, true, true]);
    expect(["128.0.0.1", "::2", "0.0.0.0", "::ffff:128.0.0.1"].map(loop)).toEqual([false, false, false, false]);
  });
});
