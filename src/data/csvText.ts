/**
 * A text as a cell of CSV: in front of what a spreadsheet would run as a formula stands an apostrophe, by which they all
 * take the rest for text. Numbers are written as they are.
 */
export const csvText = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
