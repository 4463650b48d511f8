/** How the page writes values. A missing value is a dash, never a zero. */

const MISSING = "–";
const MINUS = "−";

/** "2025-06-01 12:15": UTC, which the page says once. */
export function moment(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 16).replace("T", " ");
}

/** Two decimals; the sign only when something is left after rounding. */
export function money(value: number | null): string {
  if (value === null) return MISSING;
  return `${value <= -0.005 ? MINUS : ""}$${grouped(Math.abs(value))}`;
}

/** With a plus, for what is gained or lost. */
export function signedMoney(value: number | null): string {
  if (value === null) return MISSING;
  return `${value >= 0.005 ? "+" : ""}${money(value)}`;
}

function grouped(value: number): string {
  return value.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, ",");
}

export function count(value: number): string {
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, ",");
}

export function fixed(value: number | null, digits: number, unit = ""): string {
  if (value === null) return MISSING;
  return `${value.toFixed(digits).replace("-", MINUS)}${unit}`;
}

/** Eight significant digits: more than any tick shows. */
export function price(value: number): string {
  const decimals = Math.min(20, Math.max(0, 7 - Math.floor(Math.log10(Math.abs(value) || 1))));
  const text = value.toFixed(decimals);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

export function duration(minutes: number | null): string {
  if (minutes === null) return MISSING;
  const whole = Math.round(minutes);
  if (whole < 60) return `${whole} min`;
  const hours = Math.floor(whole / 60);
  if (hours < 48) return `${hours} h ${whole % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Percent between two prices, with its sign. */
export function distance(from: number, to: number): string {
  const percent = (to / from - 1) * 100;
  return `${percent >= 0 ? "+" : ""}${fixed(percent, 2, " %")}`;
}

const REASONS = { stop_loss: "stop", take_profit: "target", liquidation: "liquidation" } as const;

export function exitReason(reason: keyof typeof REASONS): string {
  return REASONS[reason];
}
