// Templates: a sandbox that has run something once, from which others begin in microseconds.
import type { Origin, Plan } from "./birth.ts";
import { planSandbox } from "./birth.ts";
import { type Box, disposeBox, newBox } from "./box.ts";
import type { Prepared } from "./capability.ts";
import { type ForkOptions, planAgain, planFrom, templateOrigin } from "./copy.ts";
import type { Engine } from "./engine.ts";
import { CordonError } from "./errors.ts";
import { type RunOptions, type SandboxOptions, type Source, splitOptions } from "./options.ts";
import { readPlain } from "./plain.ts";
import type { Result } from "./result.ts";
import type { Sandbox } from "./sandbox.ts";

/** What `createSandbox` may be told besides. */
export interface CreateOptions extends SandboxOptions {
  /** A template, or the bytes of a snapshot: it goes on from there. */
  readonly from?: Template | Uint8Array | undefined;
  /**
   * The key with which the snapshot was sealed. Without it its authority is what is granted here, and a policy begins
   * afresh: nothing that the guest did before counts.
   */
  readonly key?: Uint8Array | undefined;
}

/** What a template is made of: a source that it runs once, and what its copies are granted if they say nothing else. */
export interface TemplateRequest extends CreateOptions, Omit<RunOptions, "limits"> {
  /** Default: nothing is run. */
  readonly source?: Source | undefined;
}

export interface Template {
  /** A sandbox in the template's state. Options in place of the template's: grants of the same names and contracts. */
  fork(options?: Omit<ForkOptions, "wait">): Promise<Sandbox>;
  /** Bytes of memory that each copy begins with. */
  readonly size: number;
}

/** A template as pools see it. */
export interface TemplateInside {
  readonly engine: Engine;
  /** What its guest was configured with: it knows its grants by that. */
  readonly grants: readonly Prepared[];
  /** A plan of one copy more. */
  plan(options?: object): Plan;
}

const templates = new WeakMap<object, TemplateInside>();
export const isTemplate = (value: unknown): value is Template => templates.has(Object(value));
export const insideOf = (template: Template): TemplateInside => templates.get(template) as TemplateInside;

/** Where it begins: anew, or from somewhere. Throws CordonError. */
export async function beginBox(engine: () => Promise<Engine>, { from, key, ...rest }: CreateOptions): Promise<Box> {
  if (from === undefined && key === undefined) return newBox(engine, planSandbox(rest));
  if (from === undefined) throw new CordonError("E_OPTION", "key is for a snapshot: pass its bytes as `from`");
  if (!isTemplate(from)) return (await import("./saved.ts")).loadBox(engine, from, key, planSandbox(rest));
  if (key !== undefined) throw new CordonError("E_OPTION", "key: a template needs none, it never left this process");
  const inside = insideOf(from);
  return newBox(async () => inside.engine, inside.plan(rest));
}

/** A way to make sandboxes of boxes, and to run a job in one. */
export interface TemplateParts {
  readonly open: (box: Box) => Sandbox;
  readonly runIn: (box: Box, source: Source, options: RunOptions) => Promise<Result>;
}

async function warm(box: Box, request: TemplateRequest, { runIn }: TemplateParts, options: RunOptions): Promise<void> {
  if (request.source === undefined) return;
  const result = await runIn(box, request.source, options);
  if (result.status === "returned") return;
  const why =
    result.status === "threw" ? `threw ${result.error.name}: ${result.error.message}` : `ended: ${result.status}`;
  throw new CordonError("E_TEMPLATE", `the template's source ${why}`, { cause: result });
}

/** Throws CordonError E_TEMPLATE, of which `cause` is the Result, if the source does not return. */
export async function newTemplate(
  engine: () => Promise<Engine>,
  request: TemplateRequest,
  parts: TemplateParts,
): Promise<Template> {
  const { from, key, source = "", ...rest } = readPlain<TemplateRequest>(request, "what createTemplate takes");
  const [, sandboxOptions, runOptions] = splitOptions({ ...rest, source });
  const box = await beginBox(engine, { from, key, ...sandboxOptions });
  try {
    await warm(box, request, parts, runOptions);
    return templateOf(box, await templateOrigin(box), parts);
  } finally {
    disposeBox(box);
  }
}

function templateOf(box: Box, origin: Origin, { open }: TemplateParts): Template {
  let copies = 0;
  const load = async (): Promise<Engine> => box.engine;
  const plan = (options?: object): Plan =>
    planFrom(planAgain(box.plan, options), { ...origin, incarnation: ++copies }, box);
  const template: Template = Object.freeze({
    fork: async (options?: Omit<ForkOptions, "wait">) => open(await newBox(load, plan(options))),
    size: origin.image.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0),
  });
  templates.set(template, { engine: box.engine, grants: box.plan.grants, plan });
  return template;
}
