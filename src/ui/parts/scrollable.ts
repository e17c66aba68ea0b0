/**
 * An attachment: what is wider or higher than its frame can be scrolled by the keyboard, as a region with a name; what fits
 * is no stop of the Tab key.
 *
 * @param label what scrolls, as a screen reader says it
 */
export function scrollable(label: string) {
  return (frame: HTMLElement) => {
    const look = () => {
      const over =
        frame.scrollWidth > frame.clientWidth + 1 || frame.scrollHeight > frame.clientHeight + 1;
      if (!over) return ["tabindex", "role", "aria-label"].forEach((a) => frame.removeAttribute(a));
      frame.tabIndex = 0;
      frame.setAttribute("role", "region");
      frame.setAttribute("aria-label", label);
    };
    const observer = new ResizeObserver(look);
    observer.observe(frame);
    for (const child of frame.children) observer.observe(child);
    return () => observer.disconnect();
  };
}
