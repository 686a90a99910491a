// Plain programs under a policy: WASI's calls of files are the calls of the grant, and are judged as those.
import { describe, expect, test } from "vitest";
import { policy, tree } from "../../policy-libs/node/index.ts";
import { fixture, runModule } from "./programs.ts";

const words = (text: string, options: object = {}, more: object = {}) =>
  runModule(fixture("words"), {
    args: ["words", "a.txt"],
    grant: { files: tree({ "a.txt": "one two one" }) },
    policy: policy.text(`policy p over files.* { default abstain ${text} }`, options),
    ...more,
  });

describe("a program under a policy", () => {
  test("runs as unwatched where the policy has nothing against it", async () => {
    expect(await words('deny files.readBytes when path == "/b.txt"')).toMatchObject({
      status: "returned",
      exitCode: 0,
    });
  });

  test("is refused a call as WASI refuses, and goes on", async () => {
    const { err, exitCode } = await words('deny files.readBytes when path == "/a.txt"');
    expect([err, exitCode]).toEqual(["a.txt: Uncategorized\n", 3]);
  });

  test("is judged by what it has done", async () => {
    const { err } = await words("deny files.writeBytes when once files.readBytes");
    expect(err).toBe("report: Uncategorized\n");
  });

  test("of facts and lists, which WASI gives in another form, what a policy tests is unknown, and that restricts", async () => {
    expect((await words("deny result files.stat when size > 1000GB")).exitCode).not.toBe(0);
    expect((await words("deny files.writeBytes when once result files.stat(size > 1000GB)")).err).toContain("report:");
    expect((await words("change result files.stat so size at most 1")).status).toBe("returned");
  });

  test("is ended by halt, and says by whom", async () => {
    const { result } = await words('halt files.writeBytes because "no reports"');
    expect(result).toMatchObject({ status: "refused", by: "policy", why: "no reports" });
  });

  test("is changed, delayed and suppressed as a script is", async () => {
    expect(await words("change result files.readBytes so value first 3")).toMatchObject({
      out: '1 words, most: one; out holds ["deep"]\n',
    });
    expect(await words("delay files.append to 2 per 40ms", {}, { virtual: true })).toMatchObject({ exitCode: 0 });
    expect(await words("suppress files.writeBytes")).toMatchObject({ status: "returned" });
  });

  test("waits for who is asked, and the time that takes is not the program's", async () => {
    const asked: unknown[] = [];
    const approve = async (question: object): Promise<boolean> => {
      asked.push(question);
      await new Promise((resolve) => setTimeout(resolve, 600));
      return true;
    };
    const limits = { wall: 500 };
    const { result, out } = await words('ask files.writeBytes because "it writes"', { approve }, { limits });
    expect(asked).toMatchObject([{ call: "files.writeBytes", because: "it writes" }]);
    expect(out).toContain("2 words");
    expect(result.usage.wall).toBeLessThan(500);
    expect(result.usage.fuel).toBeGreaterThan(0);
  });

  test("where nobody is named to be asked, is refused what asks", async () => {
    expect((await words("ask files.writeBytes")).err).toBe("report: Uncategorized\n");
  });

  test("its fuel is one allowance, before and after a question", async () => {
    const measure = async (more: object) => (await words("ask files.writeBytes", { approve: () => true }, more)).result;
    const { usage } = await measure({});
    const plain = (await words("allow files.stat")).result.usage;
    expect(Math.abs(usage.fuel - plain.fuel)).toBeLessThan(plain.fuel / 100);
    expect(await measure({ limits: { fuel: Math.floor(usage.fuel * 0.9) } })).toMatchObject({ resource: "fuel" });
  });

  test("does not run under a policy that does not fit, nor under what is none", async () => {
    await expect(words("deny files.raed")).rejects.toMatchObject({ code: "E_POLICY" });
    await expect(words("deny files.list", {}, { policy: "deny all" })).rejects.toMatchObject({ code: "E_OPTION" });
  });

  test("may always use what no policy speaks of: its console, clock, randomness and streams", async () => {
    const options = { grant: {}, policy: policy.text("policy p { default deny }"), args: ["hello"] };
    expect(await runModule(fixture("hello"), options)).toMatchObject({ status: "returned", exitCode: 0 });
  });
});
