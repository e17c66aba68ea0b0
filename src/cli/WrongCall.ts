/** A command line that cannot be meant: exit status 2, where a failure has 1. */
export class WrongCall extends Error {}
