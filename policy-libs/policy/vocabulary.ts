// What a policy may speak of: operations, which are calls of contracts, and their arguments.
//
// An operation's group is the name under which a capability was granted, or the name of the contract of a handle that
// came out of one: "files.readText", "socket.write".

/** What a policy can test about an argument. "other" can only be missing: no test accepts it. */
export type ArgumentType = "bool" | "int" | "text" | "path" | "host" | "ip" | "bytes" | "enum" | "handle" | "other";

/** What is read of a value: all of it, or what follows from it. "size" is in bytes, of a text in UTF-8. */
export type Part = "url" | "scheme" | "host" | "port" | "path" | "size";

/** Where a value is: the parameter's number (0 of a result), then fields of records. */
export interface Source {
  readonly at: number;
  readonly fields: readonly string[];
  readonly part?: Part | undefined;
}

export interface Argument {
  /** "path"; a field of a record is "host", and "to.host" where another argument of the call has that name. */
  readonly name: string;
  /** Its other names: "to.host" of "host". */
  readonly also?: readonly string[] | undefined;
  readonly type: ArgumentType;
  /** Of an enum. */
  readonly values?: readonly string[] | undefined;
  /** Bounds of an int, or of a length; undefined: 0, 2^53-1. */
  readonly least?: number | undefined;
  readonly most?: number | undefined;
  /** May be missing: then every test of it is unknown. */
  readonly optional: boolean;
  /** Of contracts' arguments; one whose part is not "url" follows from another argument with the same place. */
  readonly source?: Source | undefined;
}

export interface Operation {
  /** Its place in the vocabulary. */
  readonly id: number;
  /** "net.send" */
  readonly name: string;
  readonly group: string;
  readonly call: string;
  readonly takes: readonly Argument[];
  /** Fields of a record that the call gives; what is no record is one argument, "value". */
  readonly gives: readonly Argument[];
  /** An instruction of the guest, "vm.divide". Not covered by "*". */
  readonly isInstruction: boolean;
}

export interface Vocabulary {
  readonly operations: readonly Operation[];
  readonly byName: ReadonlyMap<string, Operation>;
}
