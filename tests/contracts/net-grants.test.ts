// The grammar of network grants, and what it lets be reached.
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../policy-libs/net/address.ts";
import { mayBind, mayReach, mayResolve, parseEndpoints } from "../../policy-libs/net/grants.ts";

const GRANTS = [
  "api.example.com:443",
  "*.wide.example:80-81",
  "127.0.0.1:8080",
  "[::1]:8080-8090",
  "10.0.0.7:443",
  "Bücher.Example.:443",
];
const ENDPOINTS = parseEndpoints(GRANTS);

const reaches = (host: string, port: number, address?: string): boolean =>
  mayReach(ENDPOINTS, { host, port, ...(address !== undefined && { address }) });

describe("a network grant", () => {
  test.each<[string, number, string?]>([
    ["api.example.com", 443],
    ["API.example.COM.", 443],
    ["api.example.com", 443, "93.184.216.34"],
    ["api.example.com", 443, "10.0.0.7"],
    ["a.wide.example", 80, "93.184.216.34"],
    ["a.b.wide.example", 81],
    ["127.0.0.1", 8080],
    ["127.0.0.1", 8080, "127.0.0.1"],
    ["::1", 8085],
    ["0:0:0:0:0:0:0:1", 8090],
    ["xn--bcher-kva.example", 443],
    ["bücher.example", 443],
  ])("reaches %s port %i at %s", (host, port, address) => expect(reaches(host, port, address)).toBe(true));

  test.each<[string, number, string?]>([
    ["api.example.com", 80],
    ["example.com", 443],
    ["x.api.example.com", 443],
    ["api.example.com.evil.com", 443],
    ["evilapi.example.com", 443],
    ["wide.example", 80],
    ["evilwide.example", 80],
    ["a.wide.example", 82],
    ["a.wide.example", 79],
    ["127.0.0.2", 8080],
    ["127.0.0.1", 8081],
    ["::ffff:127.0.0.1", 8080],
    ["127.1", 8080],
    ["0177.0.0.1", 8080],
    ["2130706433", 8080],
    ["::1", 8091],
    ["93.184.216.34", 443],
    ["localhost", 8080, "127.0.0.1"],
    // A granted name that leads where no grant by address leads.
    ["api.example.com", 443, "127.0.0.1"],
    ["api.example.com", 443, "169.254.169.254"],
    ["api.example.com", 443, "::ffff:10.0.0.7"],
    ["api.example.com", 443, "64:ff9b::a00:7"],
    ["api.example.com", 443, "not an address"],
    ["127.0.0.1", 8080, "127.0.0.2"],
    ["a.wide.example", 80, "10.0.0.7"],
    ["api.example.com", Number.NaN],
    ["api.example.com", 443.5],
    ["api.example.com", 65_536 + 443],
    ["", 443],
  ])("does not reach %s port %d at %s", (host, port, address) => expect(reaches(host, port, address)).toBe(false));

  test("names only granted names for looking up", () => {
    const names = ["api.example.com", "a.wide.example", "wide.example", "example.com", "127.0.0.1"];
    expect(names.filter((name) => mayResolve(ENDPOINTS, name))).toEqual(["api.example.com", "a.wide.example"]);
  });

  test("gives port 0 a meaning for listening alone, and as one port of its own", () => {
    const [address, other] = [parseAddress("127.0.0.1")!, parseAddress("127.0.0.2")!];
    const endpoints = parseEndpoints(["127.0.0.1:0", "127.0.0.1:90"], { ephemeral: true });
    expect([0, 1, 90].map((port) => mayBind(endpoints, address, port))).toEqual([true, false, true]);
    expect(mayBind(endpoints, other, 0)).toBe(false);
    expect(() => parseEndpoints(["127.0.0.1:0"])).toThrow("only for listening");
  });

  test.each<[unknown, string]>([
    ["api.example.com", "port is missing"],
    ["[::1]", "port is missing"],
    ["api.example.com:", "a port is a number"],
    ["api.example.com:0443", "a port is a number"],
    ["api.example.com:+443", "a port is a number"],
    ["api.example.com:*", "a port is a number"],
    ["api.example.com:65536", "at most 65535"],
    ["api.example.com:90-80", "above its last"],
    ["api.example.com:80-", "a port is a number"],
    ["https://api.example.com:443", "not a URL"],
    ["*:443", "only at the beginning"],
    ["a.*.com:443", "only at the beginning"],
    ["*example.com:443", "only at the beginning"],
    ["*.:443", "stands a name"],
    ["*.127.0.0.1:443", "stands a name"],
    ["*.*.com:443", "stands a name"],
    ["::1:443", "in brackets"],
    ["[127.0.0.1]:443", "IPv6"],
    ["[::1%lo]:443", "IPv6"],
    ["127.1:443", "neither a name nor an address"],
    ["0x7f000001:443", "neither a name nor an address"],
    ["a b:443", "neither a name nor an address"],
    [":443", "neither a name nor an address"],
    [443, "a grant is a text"],
  ])("that is wrong says so: %s", (grant, why) => {
    expect(() => parseEndpoints([grant as string])).toThrow(
      expect.objectContaining({ code: "E_GRANT", message: expect.stringContaining(why) }),
    );
  });

  test("is a list of bounded length", () => {
    expect(() => parseEndpoints("a:1" as never)).toThrow(expect.objectContaining({ code: "E_GRANT" }));
    const many = new Array<string>(1001).fill("a:1");
    expect(() => parseEndpoints(many)).toThrow(expect.objectContaining({ code: "E_GRANT" }));
    expect(parseEndpoints(many.slice(1))).toHaveLength(1000);
  });
});
