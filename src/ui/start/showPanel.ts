/** Brings a panel into sight by its heading, and the keyboard's focus with it. */
export function showPanel(heading: string) {
  const headings = [...document.querySelectorAll<HTMLElement>("main h2")];
  const found = headings.find(({ textContent }) => textContent?.trim() === heading);
  if (!found) return;
  found.tabIndex = -1;
  found.focus({ preventScroll: true });
  found.scrollIntoView({ block: "start", behavior: calm() ? "auto" : "smooth" });
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
