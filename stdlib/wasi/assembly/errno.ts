// Error numbers of WASI preview 1, those that the shim itself gives.

export const SUCCESS: i32 = 0;
export const BADF: i32 = 8;
export const EXIST: i32 = 20;
export const FBIG: i32 = 22;
export const INVAL: i32 = 28;
export const ISDIR: i32 = 31;
export const MFILE: i32 = 33;
export const NAMETOOLONG: i32 = 37;
export const NOENT: i32 = 44;
export const NOMEM: i32 = 48;
export const NOSYS: i32 = 52;
export const NOTDIR: i32 = 54;
export const NOTSUP: i32 = 58;
export const SPIPE: i32 = 70;
export const NOTCAPABLE: i32 = 76;
