// What becomes of TypeScript's own constructs. Expected results are those of the language's handbook.
import { expect, test } from "vitest";
import { run } from "../../embed/node/index.ts";

const typescript = (source: string) => run({ source, language: "typescript" });

test("types go, and what has a value stays", async () => {
  const source = `
    interface P { x: number }
    enum Color { Red, Green }
    class A { constructor(private readonly a: number, public b?: string) {} get v(): number { return this.a; } }
    abstract class B<T> { abstract f(): T; }
    const f = <T,>(x: T): T => x;
    function over(a: string): string;
    function over(a: number): number;
    function over(a: any) { return a; }
    const o = { x: 1 } satisfies P;
    return [new A(5).v, Color.Green, Color[0], f<number>(4)!, o.x as unknown as number, over(3), typeof B];`;
  expect(await typescript(source)).toMatchObject({ value: [5, 1, "Red", 4, 1, 3, "function"] });
});

test.each([
  ["namespace N { export const k = 3 }\nreturn N.k", 1, 1],
  ["const a = 1; export namespace N.M { export const k = 3 }", 1, 21],
  ["const a = 1;\n  module N\n  { export const k = 3 }", 2, 3],
])("%j: a namespace with code is an error, not a hole in the program", async (source, line, column) => {
  const error = { name: "SyntaxError", message: expect.stringContaining("namespace"), line, column };
  expect(await typescript(source)).toMatchObject({ status: "threw", error });
});

test("declared namespaces go, and words that look like one stay", async () => {
  const source = `declare namespace D { const x: number; namespace E { const y: number } }
declare global {
  namespace F { const z: number }
}
const s = "; namespace X {"; // ; namespace Y {
const namespace = 1;
class K { module = 3; namespace() { return this.module } }
return [s, namespace, new K().namespace()];`;
  expect(await typescript(source)).toMatchObject({ value: ["; namespace X {", 1, 3] });
});
