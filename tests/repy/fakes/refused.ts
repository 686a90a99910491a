/** A refusal as a capability makes it. */
export const refused = (code: string): Error => Object.assign(new Error(code), { code });
