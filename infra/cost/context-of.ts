import { SettingsError } from "#infra/config/settings.ts";
import { shownValue } from "#libs/contracts/shown-value.ts";

/**
 * Arguments such as `spot=all egress=nat` as the app's context.
 * @throws SettingsError naming the first invalid argument.
 */
export function contextOf(args: readonly string[]): Readonly<Record<string, string>> {
  const pairs = args.map((argument) => {
    const at = argument.indexOf("=");
    if (at < 1) throw new SettingsError(`expected name=value, not ${shownValue(argument)}`);
    return [argument.slice(0, at), argument.slice(at + 1)] as const;
  });
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new SettingsError(`${shownValue(twice)} is given twice`);
  return Object.fromEntries(pairs);
}
