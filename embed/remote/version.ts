/** The protocol's. Both sides are of one package: a version that differs is a broken installation. */
export const VERSION = 4;
