/** What of pdfkit is used, in its build for browsers. */
declare module "pdfkit" {
  interface PDFDocument {
    save(): this;
    restore(): this;
    translate(x: number, y: number): this;
    scale(by: number): this;
    rect(x: number, y: number, width: number, height: number): this;
    circle(x: number, y: number, radius: number): this;
    path(data: string): this;
    lineWidth(width: number): this;
    dash(length: number, options: { space: number }): this;
    fill(colour: string): this;
    fillOpacity(opacity: number): this;
    stroke(colour: string): this;
    font(name: string, size: number): this;
    fillColor(colour: string): this;
    widthOfString(text: string): number;
    text(
      text: string,
      x: number,
      y: number,
      options: { lineBreak: false; baseline: "alphabetic" },
    ): this;
    image(source: string, x: number, y: number, options: { width: number; height: number }): this;
    end(): void;
  }
  export const PDFDocument: new (options: {
    size: [number, number];
    margin: number;
    lang: string;
    displayTitle: boolean;
    info: Record<string, string | Date>;
  }) => PDFDocument;
  export function registerStdFonts(...fonts: object[]): void;
}
declare module "pdfkit/output" {
  export function toBytes(document: object): Promise<Uint8Array<ArrayBuffer>>;
}
declare module "pdfkit/standard-fonts/Helvetica" {
  const font: object;
  export default font;
}
declare module "pdfkit/standard-fonts/HelveticaBold" {
  const font: object;
  export default font;
}
