// What arguments must be. Types are exact, as RepyV2's are: a boolean is no integer, and nothing is converted.
import { raise } from "../errors.js";

export const argument = (message) => raise("RepyArgumentError", message);

export function checkString(value, what) {
  if (typeof value !== "string") argument(`${what} must be a string`);
}

export function checkBoolean(value, what) {
  if (typeof value !== "boolean") argument(`${what} must be true or false`);
}

export function checkInteger(value, least, what) {
  if (!Number.isSafeInteger(value) || value < least) argument(`${what} must be an integer of at least ${least}`);
}

export function checkNumber(value, what) {
  if (typeof value !== "number" || !Number.isFinite(value)) argument(`${what} must be a number`);
}
