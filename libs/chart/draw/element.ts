type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Child = Node | string | number | null;

/**
 * An element with its attributes and children. Text becomes text nodes, never markup, so nothing in the data can
 * be more than text. An attribute that is `false` or undefined is left out, `true` is an empty one.
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : `${value}`);
  }
  for (const child of children)
    if (child !== null) made.append(typeof child === "number" ? `${child}` : child);
  return made;
}
