/** The version of Palimpsest that runs are made with: package.json's. */
export const version = "0.1.0";
