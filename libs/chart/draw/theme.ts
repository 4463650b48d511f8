/** The style sheet's current colours, for drawing on a canvas. */
export interface Theme {
  readonly background: string;
  readonly text: string;
  readonly faint: string;
  readonly grid: string;
  readonly up: string;
  readonly down: string;
  readonly zone: string;
  readonly level: string;
  readonly accent: string;
}

export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    background: colour("panel"),
    text: colour("muted"),
    faint: colour("faint"),
    grid: colour("grid"),
    up: colour("up"),
    down: colour("down"),
    zone: colour("zone"),
    level: colour("level"),
    accent: colour("accent"),
  };
}

/** Calls back when the system changes between dark and light. */
export function onThemeChange(changed: () => void): void {
  matchMedia("screen and (prefers-color-scheme: dark)").addEventListener("change", changed);
}

/** `#rrggbb` with an opacity of 0 to 1. */
export function faded(colour: string, opacity: number): string {
  return `${colour}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, "0")}`;
}
