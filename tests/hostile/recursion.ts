// Runs the recursions in this thread and tells which do not end as they must. Used by tests, worker threads and browsers.
import type { Cordon, Sandbox } from "../../embed/index.ts";
import { DEEP_STRUCTURES, RECURSIONS } from "./recursions.ts";

const probe = (body: string): string =>
  `let said; try { ${body}; said = "returned"; } catch (e) { said = e instanceof Error ? "caught" : "foreign"; } said`;

/** The call is made from a host stack that is `depth` frames deep already. */
function runFrom(depth: number, box: Sandbox, source: string): ReturnType<Sandbox["run"]> {
  return depth === 0 ? box.run(source) : runFrom(depth - 1, box, source);
}

type CreateSandbox = Cordon["createSandbox"];

async function trial(
  createSandbox: CreateSandbox,
  name: string,
  body: string,
  depth: number,
  allowed: RegExp,
): Promise<string[]> {
  const grant = { hostEcho: (value: unknown) => value };
  await using box = await createSandbox({ grant, limits: { wall: 30_000, fuel: 1e11 } });
  const first = await runFrom(depth, box, probe(body));
  const said = first.status === "returned" ? String(first.value) : JSON.stringify({ ...first, usage: 0 });
  const then = await box.run("[3, 1, 2].sort().join() + JSON.stringify({ a: [1] })");
  const works = then.status === "returned" && then.value === '1,2,3{"a":[1]}';
  return allowed.test(said) && works ? [] : [`${name}: ${said}, then ${then.status}`];
}

export async function recurse(createSandbox: CreateSandbox, depth = 0): Promise<string[]> {
  const wrong: string[] = [];
  const all = async (bodies: Readonly<Record<string, string>>, allowed: RegExp): Promise<void> => {
    for (const [name, body] of Object.entries(bodies))
      wrong.push(...(await trial(createSandbox, name, body, depth, allowed)));
  };
  await all(RECURSIONS, /^caught$/);
  await all(DEEP_STRUCTURES, /^(caught|returned)$/);
  return wrong;
}
