// Where capabilities can be in the values of a call.
import type { CallContract, Shape } from "../../kernel/index.ts";

export function hasHandle(shape: Shape): boolean {
  if (shape.kind === "list") return hasHandle(shape.each);
  if (shape.kind === "tuple") return shape.of.some(hasHandle) || (shape.rest !== undefined && hasHandle(shape.rest));
  if (shape.kind === "union") return shape.of.some(hasHandle);
  if (shape.kind === "record") return shape.fields.some((field) => hasHandle(field.shape));
  return shape.kind === "handle";
}

export const takesHandle = ({ takes }: CallContract): boolean => hasHandle(takes);
