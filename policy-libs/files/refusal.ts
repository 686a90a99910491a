// How the files capability says no: an error with a stable code and the guest's own name of the thing, never the host's.

/** Every code, with what it means to the guest's author. */
export const FILES_ERRORS = {
  E_PATH: "the path is not a relative path of plain names, or a symbolic link stands in it",
  E_NOT_FOUND: "nothing has this name",
  E_EXISTS: "something has this name already",
  E_KIND: "a directory where a file is needed, or a file where a directory is",
  E_NOT_EMPTY: "the directory is not empty",
  E_READ_ONLY: "this capability only reads",
  E_TOO_LARGE: "more bytes or entries than the capability allows",
  E_PAST_END: "beyond the end of the file",
  E_CLOSED: "it is closed already",
  E_FULL: "no room is left where the files are",
  E_QUOTA: "more files are open, or being watched, than the capability allows",
  E_TEXT: "the file is not UTF-8 text",
  E_VALUE: "an argument of the wrong kind",
  E_IO: "the host could not do it",
} as const;

/** A code that files refuse with. */
export type FilesErrorCode = keyof typeof FILES_ERRORS;

export interface FilesError extends Error {
  readonly code: FilesErrorCode;
}

/** An error for the guest. `allegedPath` is what the guest asked for. */
export function filesError(code: FilesErrorCode, allegedPath: string): FilesError {
  const shown = allegedPath.length > 200 ? `${allegedPath.slice(0, 200)}...` : allegedPath;
  const error = new Error(`${JSON.stringify(shown)}: ${FILES_ERRORS[code]}`);
  return Object.assign(error, { name: "FilesError", code });
}

export function refuse(code: FilesErrorCode, allegedPath: string): never {
  throw filesError(code, allegedPath);
}
