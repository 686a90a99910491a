// Hashes and HMACs against the vectors of their standards.
import { describe, expect, test } from "vitest";
import { digestPlace } from "../../policy-libs/digest/digest.ts";
import { type Algorithm, digest, secrets } from "../../policy-libs/index.ts";
import { outcome } from "./guest.ts";

const { functions } = digest();
const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));

describe("digest", () => {
  // NIST, "Examples with Intermediate Values": FIPS 180-4, of one and of two blocks.
  const TWO_BLOCKS = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  test.for<[Algorithm, string, string]>([
    ["SHA-1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
    ["SHA-1", TWO_BLOCKS, "84983e441c3bd26ebaae4aa1f95129e5e54670f1"],
    ["SHA-256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["SHA-256", TWO_BLOCKS, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"],
    ["SHA-256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    [
      "SHA-384",
      "abc",
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
    ],
    [
      "SHA-512",
      "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ],
  ])("%s of %j is that of NIST", async ([algorithm, data, expected]) => {
    expect(await functions.digest(algorithm, data, "hex")).toBe(expected);
    expect(await functions.digest(algorithm, new TextEncoder().encode(data))).toEqual(fromHex(expected));
  });

  test("of a million a's is that of NIST", async () => {
    const expected = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    expect(await functions.digest("SHA-256", "a".repeat(1_000_000), "hex")).toBe(expected);
  });

  test("is shown as bytes, hexadecimal or base64", async () => {
    expect(await functions.digest("SHA-1", "abc", "base64")).toBe("qZk+NkcGgWq6PiVxeFDCbJzQ2J0=");
    expect(await functions.digest("SHA-1", "abc", "bytes")).toEqual(
      fromHex("a9993e364706816aba3e25717850c26c9cd0d89d"),
    );
  });

  test("refuses what is too much, half a character, and an algorithm that it does not know", async () => {
    expect(await outcome(() => functions.digest("SHA-1", new Uint8Array(32 * 1024 * 1024 + 1)))).toBe("E_TOO_LARGE");
    expect(await outcome(() => functions.digest("SHA-1", "é".repeat(16 * 1024 * 1024 + 1)))).toBe("E_TOO_LARGE");
    expect(await outcome(() => functions.digest("SHA-1", "\ud800"))).toBe("E_VALUE");
    expect(await outcome(() => functions.digest("MD5" as never, "abc"))).toBe("E_VALUE");
  });
});

describe("hmac", () => {
  // RFC 4231 section 4.
  const CASES: readonly [number, Uint8Array | string, Uint8Array | string, string, string][] = [
    [
      1,
      filled(20, 0x0b),
      "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    ],
    [
      2,
      "Jefe",
      "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ],
    [
      3,
      filled(20, 0xaa),
      filled(50, 0xdd),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
      "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
    ],
    [
      4,
      fromHex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
      filled(50, 0xcd),
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
      "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
    ],
    [
      6,
      filled(131, 0xaa),
      "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
    ],
    [
      7,
      filled(131, 0xaa),
      "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
      "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
    ],
  ];
  test.for(CASES)("is that of RFC 4231, test case %d", async ([, key, data, sha256, sha512]) => {
    expect(await functions.hmac("SHA-256", key, data, "hex")).toBe(sha256);
    expect(await functions.hmac("SHA-512", key, data, "hex")).toBe(sha512);
    expect(await functions.verifyHmac("SHA-256", key, data, fromHex(sha256))).toBe(true);
    expect(await functions.verifyHmac("SHA-512", key, data, fromHex(sha256))).toBe(false);
  });

  test("is that of RFC 2202 for SHA-1, and of RFC 4231 for SHA-384", async () => {
    expect(await functions.hmac("SHA-1", "Jefe", "what do ya want for nothing?", "hex")).toBe(
      "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
    );
    expect(await functions.hmac("SHA-384", "Jefe", "what do ya want for nothing?", "hex")).toBe(
      "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    );
  });

  test("may have a key of no bytes, as RFC 2104 pads any key with zeros", async () => {
    // The HMAC-SHA256 of nothing under no key, as every library has it.
    const expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    expect(await functions.hmac("SHA-256", "", "", "hex")).toBe(expected);
  });

  test("is not verified if one bit differs, or its length", async () => {
    const code = (await functions.hmac("SHA-256", "key", "data")) as Uint8Array;
    for (let bit = 0; bit < 8; bit++) {
      const wrong = code.map((byte, i) => (i === bit * 4 ? byte ^ (1 << bit) : byte));
      expect(await functions.verifyHmac("SHA-256", "key", "data", wrong)).toBe(false);
    }
    expect(await functions.verifyHmac("SHA-256", "key", "data", code.subarray(0, 31))).toBe(false);
    expect(await functions.verifyHmac("SHA-256", "key", "data", new Uint8Array(0))).toBe(false);
    expect(await functions.verifyHmac("SHA-256", "key", "data", code)).toBe(true);
  });

  test("takes a placeholder for a key only of a secret that allows it", async () => {
    const keep = secrets({ KEY: { value: "the key itself", hmac: true }, TOKEN: { value: "only for a host" } });
    const { hmac, verifyHmac, equal } = digest({ secrets: keep }).functions;
    const [key, token] = [await keep.granted.functions.use("KEY"), await keep.granted.functions.use("TOKEN")];
    expect(await hmac("SHA-256", key, "data", "hex")).toBe(
      await functions.hmac("SHA-256", "the key itself", "data", "hex"),
    );
    expect(await hmac("SHA-256", key, "data", "hex")).not.toBe(await functions.hmac("SHA-256", key, "data", "hex"));
    const code = await functions.hmac("SHA-256", "the key itself", "data");
    expect(await verifyHmac("SHA-256", key, "data", code as Uint8Array)).toBe(true);
    for (const call of [
      () => hmac("SHA-256", token, "x"),
      () => verifyHmac("SHA-256", token, "x", new Uint8Array(32)),
    ]) {
      expect(await outcome(call)).toBe("E_NOT_GRANTED");
    }
    // As data a placeholder is only text: the guest cannot hash a secret, or compare with it.
    expect(await hmac("SHA-256", "k", key, "hex")).toBe(await functions.hmac("SHA-256", "k", key, "hex"));
    expect(await equal(key, "the key itself")).toBe(false);
  });
});

describe("equal", () => {
  test("tells the same bytes from others, text as UTF-8", async () => {
    expect(await functions.equal("é", Uint8Array.of(0xc3, 0xa9))).toBe(true);
    expect(await functions.equal("", new Uint8Array(0))).toBe(true);
    expect(await functions.equal("abc", "abd")).toBe(false);
    expect(await functions.equal("abc", "abcd")).toBe(false);
  });
});

describe("computations", () => {
  test("are refused when 64 run already, and possible again after", async () => {
    const all = Array.from({ length: 100 }, () => outcome(() => functions.digest("SHA-1", "abc", "hex")));
    const results = await Promise.all(all);
    expect(results.filter((result) => result === "E_BUSY").length).toBe(36);
    expect(await functions.digest("SHA-1", "abc", "hex")).toBe("a9993e364706816aba3e25717850c26c9cd0d89d");
  });

  test("are refused when they hold too many bytes together, but for one alone", async () => {
    const data = new Uint8Array(30 * 1024 * 1024);
    const results = await Promise.all(
      Array.from({ length: 6 }, () => outcome(() => functions.digest("SHA-1", data, "hex"))),
    );
    expect(results.filter((result) => result === "E_BUSY").length).toBe(2);
    expect(await functions.equal(data, data)).toBe(true);
  });

  test("that the host cannot make are E_IO, without the host's words", async () => {
    const failing = new Proxy({}, { get: () => async () => Promise.reject(new Error("/etc/host/secret")) });
    const call = () => digestPlace({}, failing as never).digest("SHA-1", "abc");
    expect(await outcome(call)).toBe("E_IO");
    await expect(call()).rejects.toThrow(/^the host could not compute it$/);
  });
});
