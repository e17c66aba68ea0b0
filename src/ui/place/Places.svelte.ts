import { prefer, preferred } from "../parts/preferences.ts";
import { encodeAddress, type Address, type PlaceName, type Spot } from "./address.ts";

/** Where the reader is, and the browser's history of it: a place, an example and a thing looked at are each an entry. */
export class Places {
  spot = $state.raw<Spot>({ place: "fact", item: "" });
  /** Whether the list of shortcuts is open. */
  listing = $state(false);
  /** Whether single keys do something. */
  shortcuts = $state(preferred("keys") !== "off");
  /** What the entry that is shown is of; undefined until there is one, or where the address was followed. */
  #entry: string | undefined;

  get name(): PlaceName {
    return this.spot.place;
  }

  go(place: PlaceName, item = "") {
    this.spot = { place, item };
  }

  /** An address was opened, or Back or Forward pressed: its entry is there already. */
  follow({ place, item }: Spot) {
    this.#entry = undefined;
    this.spot = { place, item };
  }

  /**
   * Makes the address that of what is shown: a new entry of the history where it is another thing than before, else the
   * same entry brought up to date.
   *
   * @param thing what in the place makes an entry of its own, as the example that is filled in
   */
  write(address: Address, thing: string) {
    const hash = encodeAddress(address);
    const entry = `${address.place}/${address.item}/${thing}`;
    const same = this.#entry === undefined || this.#entry === entry;
    this.#entry = entry;
    if (same) history.replaceState(ours, "", hash);
    else history.pushState(ours, "", hash);
  }

  useShortcuts(on: boolean) {
    this.shortcuts = on;
    prefer("keys", on ? "" : "off");
  }

  /** Whether the entry that is shown was written here, and not typed or pasted. */
  get isOurs(): boolean {
    return (history.state as typeof ours | null)?.palimpsest === true;
  }
}

const ours = { palimpsest: true };
