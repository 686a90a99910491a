// All trials by name: each name is a sentence.
import type { Trial } from "./api.ts";
import { LANGUAGE } from "./language.ts";
import { LIMITS } from "./limits.ts";
import { MANY } from "./many.ts";
import { POWERS } from "./powers.ts";

export const TRIALS: Readonly<Record<string, Trial>> = { ...LANGUAGE, ...POWERS, ...LIMITS, ...MANY };
