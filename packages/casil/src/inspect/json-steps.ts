/** The way to where a reader of JSON stands: names and places, outermost first. */
export class JsonSteps {
  readonly #isObject: boolean[] = [];
  readonly #names: (string | undefined)[] = [];
  readonly #shown: string[] = [];
  readonly #places: number[] = [];
  #expectsName = false;

  /** Objects and lists that are open. */
  get depth(): number {
    return this.#isObject.length;
  }

  /** True where a text is the name of a member. */
  get expectsName(): boolean {
    return this.#expectsName;
  }

  open(isObject: boolean): void {
    this.#isObject.push(isObject);
    this.#names.push(undefined);
    this.#shown.push('');
    this.#places.push(0);
    this.#expectsName = isObject;
  }

  close(): void {
    if (this.#isObject.pop() === undefined) throw new Error('more is closed than was opened');
    this.#names.pop();
    this.#shown.pop();
    this.#places.pop();
    this.#expectsName = false;
  }

  /** A comma: the next member, or the next item. */
  next(): void {
    const last = this.depth - 1;
    this.#expectsName = this.#isObject[last] === true;
    this.#places[last] = (this.#places[last] ?? 0) + 1;
  }

  /** The name of a member; one that says what it must not is not shown. */
  name(name: string, mayShow: boolean): void {
    const last = this.depth - 1;
    this.#names[last] = name;
    this.#shown[last] = mayShow ? name : '?';
    this.#expectsName = false;
  }

  /** The name of the member that is read; undefined in a list, and outermost. */
  lastName(): string | undefined {
    return this.#names.at(-1);
  }

  /** The name of the innermost member that is read, through lists. */
  nearestName(): string | undefined {
    return this.#names.findLast((name) => name !== undefined);
  }

  /** All steps, items by their place. */
  toArray(): readonly string[] {
    return this.#isObject.map((isObject, i) => (isObject ? (this.#names[i] ?? '') : String(this.#places[i])));
  }

  /** The same as a JSON pointer, without names that must not be shown. */
  pointer(): string {
    const steps = this.#isObject.map((isObject, i) => (isObject ? (this.#shown[i] ?? '') : String(this.#places[i])));
    return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  }
}
