/**
 * As much of a document as Observable Plot asks for to draw an SVG: elements that are made, given attributes, put into each
 * other, copied and written as text. So that what draws runs in the page's worker and in the terminal, where there is none.
 */
export class SvgElement {
  readonly nodeType = 1;
  readonly namespaceURI = "http://www.w3.org/2000/svg";
  readonly style = { setProperty: () => undefined };
  readonly ownerDocument: typeof svgDocument;
  readonly tagName: string;
  parentNode: SvgElement | null = null;
  readonly #attributes = new Map<string, string>();
  readonly #children: (SvgElement | SvgText)[] = [];

  constructor(tagName: string, owner: typeof svgDocument) {
    this.tagName = tagName;
    this.ownerDocument = owner;
  }

  get childNodes(): readonly (SvgElement | SvgText)[] {
    return this.#children;
  }

  get children(): readonly SvgElement[] {
    return this.#children.filter((child) => child instanceof SvgElement);
  }

  get firstChild() {
    return this.#children.at(0) ?? null;
  }

  setAttribute(name: string, value: unknown) {
    this.#attributes.set(name, String(value));
  }

  setAttributeNS(_: string | null, name: string, value: unknown) {
    this.setAttribute(name, value);
  }

  getAttribute(name: string): string | null {
    return this.#attributes.get(name) ?? null;
  }

  hasAttribute(name: string): boolean {
    return this.#attributes.has(name);
  }

  removeAttribute(name: string) {
    this.#attributes.delete(name);
  }

  appendChild<T extends SvgElement | SvgText>(child: T): T {
    return this.insertBefore(child, null);
  }

  append(...children: (SvgElement | SvgText | string)[]) {
    for (const child of children)
      this.appendChild(typeof child === "string" ? new SvgText(child) : child);
  }

  insertBefore<T extends SvgElement | SvgText>(child: T, before: SvgElement | SvgText | null): T {
    child.parentNode?.removeChild(child);
    const at = before ? this.#children.indexOf(before) : -1;
    this.#children.splice(at < 0 ? this.#children.length : at, 0, child);
    child.parentNode = this;
    return child;
  }

  removeChild(child: SvgElement | SvgText) {
    this.#children.splice(this.#children.indexOf(child), 1);
    child.parentNode = null;
  }

  remove() {
    this.parentNode?.removeChild(this);
  }

  cloneNode(): SvgElement {
    const copy = new SvgElement(this.tagName, this.ownerDocument);
    for (const [name, value] of this.#attributes) copy.setAttribute(name, value);
    for (const child of this.#children) copy.appendChild(child.cloneNode());
    return copy;
  }

  get textContent(): string {
    return this.#children.map(({ textContent }) => textContent).join("");
  }

  set textContent(text: string) {
    this.#children.length = 0;
    if (text !== "") this.append(text);
  }

  /** Nothing happens in a picture. */
  addEventListener() {}
  querySelector() {
    return null;
  }

  /** Itself as text. */
  written(escape: (text: string) => string): string {
    const attributes = [...this.#attributes].map(([name, value]) => ` ${name}="${escape(value)}"`);
    const inner = this.#children.map((child) => child.written(escape)).join("");
    const open = `<${this.tagName}${attributes.join("")}`;
    return inner ? `${open}>${inner}</${this.tagName}>` : `${open}/>`;
  }
}

/** Words in an element. */
class SvgText {
  readonly nodeType = 3;
  parentNode: SvgElement | null = null;
  readonly textContent: string;

  constructor(text: string) {
    this.textContent = text;
  }

  cloneNode(): SvgText {
    return new SvgText(this.textContent);
  }

  written(escape: (text: string) => string): string {
    return escape(this.textContent);
  }
}

/** What makes the elements. */
export const svgDocument = {
  createElementNS: (_: string, name: string): SvgElement => new SvgElement(name, svgDocument),
  createElement: (name: string): SvgElement => new SvgElement(name, svgDocument),
  createTextNode: (text: string): SvgText => new SvgText(text),
  get documentElement(): SvgElement {
    return new SvgElement("html", svgDocument);
  },
  defaultView: {},
};
