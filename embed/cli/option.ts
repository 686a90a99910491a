// Options of the command line: what one is, and those that several commands have.

export interface Option {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: true;
  /** What stands for the value in help. */
  readonly value?: string;
  readonly help: string;
}

export const flag = (help: string, short?: string): Option => ({ type: "boolean", help, ...(short ? { short } : {}) });
export const value = (name: string, help: string, more: Partial<Option> = {}): Option => ({
  type: "string",
  value: name,
  help,
  ...more,
});
export const many = { multiple: true } as const;

export const HELP = { help: flag("show this help", "h") };
export const JSON_OUT = { json: flag("print one JSON object on stdout, and nothing else there") };
export const GRANTS = {
  grant: value("NAME=WHAT", "give the guest a global: files=ro:DIR, data=files:rw:DIR, ...; `cordon help grants`", {
    ...many,
    short: "g",
  }),
  grants: value("FILE.json", "give what a grants file says, and what --grant adds or says otherwise", many),
};
export interface Command {
  readonly usage: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  readonly notes?: readonly string[];
  /** So many words, and what follows is the guest's own, whatever it looks like. */
  readonly takes?: number;
}
