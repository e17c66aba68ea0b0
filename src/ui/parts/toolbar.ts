const STOPS = "button:not(:disabled), select:not(:disabled)";

const steps: Record<string, (at: number, last: number) => number> = {
  ArrowRight: (at, last) => (at === last ? 0 : at + 1),
  ArrowLeft: (at, last) => (at === 0 ? last : at - 1),
  Home: () => 0,
  End: (_, last) => last,
};

/**
 * An attachment: buttons side by side that are one stop of the Tab key, and are gone through by the arrow keys.
 *
 * @param label what they are for, as a screen reader says it
 */
export function toolbar(label: string) {
  return (bar: HTMLElement) => {
    let current: HTMLElement | undefined;
    const stops = () => [...bar.querySelectorAll<HTMLElement>(STOPS)];
    const rove = () => {
      const all = stops();
      if (!current || !all.includes(current)) [current] = all;
      for (const one of all) one.tabIndex = one === current ? 0 : -1;
    };
    const focused = ({ target }: FocusEvent) => {
      if (!(target instanceof HTMLElement) || !target.matches(STOPS)) return;
      current = target;
      rove();
    };
    const key = (event: KeyboardEvent) => {
      const all = stops();
      const at = all.findIndex((one) => one === event.target);
      const step = steps[event.key];
      if (at < 0 || !step || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      all[step(at, all.length - 1)].focus();
    };
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", label);
    bar.addEventListener("focusin", focused);
    bar.addEventListener("keydown", key);
    const observer = new MutationObserver(rove);
    observer.observe(bar, {
      childList: true,
      subtree: true,
      attributes: true,
      attributeFilter: ["disabled"],
    });
    rove();
    return () => {
      observer.disconnect();
      bar.removeEventListener("focusin", focused);
      bar.removeEventListener("keydown", key);
    };
  };
}
