import { Command } from "commander";
import { configuration, rabbitMqUrl } from "#libs/config/configuration.ts";
import type { Environment } from "#libs/config/environment.ts";
import { BROKER_SETTINGS } from "#libs/config/settings.ts";
import { QUEUES } from "#libs/contracts/queues.ts";
import type { DeadLetterBox, HeldLetter, LetterQueue } from "#libs/queue/dead-letter-box.ts";
import { QueueError } from "#libs/queue/queue.ts";
import { openDeadLetterBox } from "#libs/queue/rabbitmq/dead-letter-box.ts";
import { InputError } from "#libs/recordings/input-error.ts";
import { systemClock } from "#libs/runtime/clock.ts";
import { EXIT_PERMANENT_FAILURE, PermanentFailure } from "#libs/runtime/permanent-failure.ts";
import { wholeNumber } from "#services/shared/arguments.ts";
import { EXIT_REFUSED, exitCodeOf, type Output, parseCommand } from "../shared/parse-command.ts";
import { safeLine, shortened } from "../shared/safe-text.ts";
import {
  letterJson,
  listText,
  refusalOf,
  type SeenLetter,
  seenLetter,
  showText,
} from "./dead-letter-view.ts";

export interface DlqTerminal extends Output {
  printBytes(bytes: Uint8Array): void;
  /** Null without a terminal to answer on. */
  ask(question: string): Promise<string | null>;
}

/** The options of all four commands; each declares those it takes. */
interface Options {
  readonly queue?: LetterQueue;
  readonly limit?: number;
  readonly all?: boolean;
  readonly force?: boolean;
  readonly yes?: boolean;
  readonly raw?: boolean;
  readonly json?: boolean;
}

type Action = (box: DeadLetterBox, terminal: DlqTerminal) => Promise<number>;

/** The broker cannot be used, or not everything that was requested was done. */
const EXIT_FAILED = 1;
const DEFAULT_LIMIT = 20;

/**
 * Lists dead letters, sends them back to their queues, or discards them.
 * @returns the exit code: 0; 1 when the broker cannot be used or a letter was not retried; 2 when arguments or
 * configuration cannot be used, or no letter has the id; 3 when the broker refuses user or virtual host.
 */
export async function runDlq(
  args: readonly string[],
  environment: Environment,
  terminal: DlqTerminal,
): Promise<number> {
  try {
    const action = parseAction(args, terminal);
    return action === null ? EXIT_REFUSED : await withBox(environment, terminal, action);
  } catch (error) {
    if (!(error instanceof QueueError || error instanceof PermanentFailure)) {
      return exitCodeOf(error, "dlq", terminal);
    }
    terminal.printError(`dlq: ${safeLine(error.message)}\n`);
    return error instanceof PermanentFailure ? EXIT_PERMANENT_FAILURE : EXIT_FAILED;
  }
}

/** What the command line asks for; null when it names no command, and the help has been printed. */
function parseAction(args: readonly string[], terminal: DlqTerminal): Action | null {
  const chosen: Action[] = [];
  const command = makeCommand((action) => chosen.push(action));
  parseCommand(command, args, terminal);
  return chosen[0] ?? null;
}

async function withBox(environment: Environment, terminal: DlqTerminal, action: Action): Promise<number> {
  const url = rabbitMqUrl(configuration(environment, BROKER_SETTINGS));
  const box = await openDeadLetterBox({ url, nowMs: systemClock.nowMs });
  try {
    return await action(box, terminal);
  } finally {
    await box.close();
  }
}

function makeCommand(choose: (action: Action) => void): Command {
  const names = QUEUES.map(({ name }) => name).join(" or ");
  const program = new Command("dlq").description(
    "Messages that no service could process: backtest-tasks.dead and trading-signals.dead.\n" +
      "The broker is set by RABBITMQ_URL, or by RABBITMQ_HOST, _PORT, _USER and _PASS.",
  );
  const add = (usage: string, description: string) =>
    program
      .command(usage)
      .description(description)
      .option("--queue <name>", `only the messages of ${names}`, parseQueue)
      .option("--json", "print one JSON object");
  add("list", "list the messages and what to do with each; changes nothing")
    .option("--limit <number>", "most messages to list for each queue, oldest first", wholeNumber(1, 100_000))
    .action((options: Options) => choose((box, terminal) => list(box, terminal, options)));
  add("show <id>", "show one message with its headers and its body; changes nothing")
    .option("--raw", "print the body unchanged and nothing else")
    .action((id: string, options: Options) => choose((box, terminal) => show(box, terminal, id, options)));
  add("retry [id...]", "send messages back to their queue with a full number of attempts")
    .option("--all", "all messages that may succeed")
    .option("--force", "also messages that have expired or cannot be read")
    .action((ids: string[], options: Options) =>
      choose((box, terminal) => retry(box, terminal, ids, options)),
    );
  add("discard [id...]", "discard messages permanently")
    .option("--all", "all messages")
    .option("--yes", "do not ask for confirmation")
    .action((ids: string[], options: Options) =>
      choose((box, terminal) => discard(box, terminal, ids, options)),
    );
  return program;
}

function parseQueue(text: string): LetterQueue {
  const found = QUEUES.find(({ name, deadLetterName }) => text === name || text === deadLetterName);
  if (found !== undefined) return found;
  throw new InputError(
    `${JSON.stringify(text)} is not a queue: choose ${QUEUES.map(({ name }) => name).join(" or ")}`,
  );
}

function queuesOf({ queue }: Options): readonly LetterQueue[] {
  return queue === undefined ? QUEUES : [queue];
}

async function list(box: DeadLetterBox, { print }: Output, options: Options): Promise<number> {
  const found = [];
  for (const queue of queuesOf(options)) {
    const count = await box.count(queue);
    const seen: SeenLetter[] = [];
    for await (const letter of box.letters(queue, options.limit ?? DEFAULT_LIMIT))
      seen.push(see(queue, letter));
    found.push({ queue, count: Math.max(count, seen.length), seen });
  }
  if (options.json === true) {
    const queues = found.map(({ queue, count, seen }) => ({
      queue: queue.name,
      dead_letter_queue: queue.deadLetterName,
      count,
      messages: seen.map((one) => letterJson(one, { withBody: false })),
    }));
    print(json({ broker: box.broker, queues }));
  } else {
    print(found.map(({ queue, count, seen }) => listText(queue, count, seen)).join("\n"));
  }
  return 0;
}

async function show(
  box: DeadLetterBox,
  terminal: DlqTerminal,
  id: string,
  options: Options,
): Promise<number> {
  const found: SeenLetter[] = [];
  for (const queue of queuesOf(options)) {
    for await (const letter of box.letters(queue)) {
      const seen = see(queue, letter);
      if (isNamed(seen, id)) found.push(seen);
    }
  }
  assertFound([id], found);
  if (options.raw === true) for (const { letter } of found) terminal.printBytes(letter.body);
  else if (options.json === true) {
    terminal.print(
      json({ broker: box.broker, messages: found.map((one) => letterJson(one, { withBody: true })) }),
    );
  } else terminal.print(found.map(showText).join("\n"));
  return 0;
}

async function retry(
  box: DeadLetterBox,
  terminal: DlqTerminal,
  ids: readonly string[],
  options: Options,
): Promise<number> {
  assertChosen(ids, options);
  const retried: SeenLetter[] = [];
  const refused: { readonly seen: SeenLetter; readonly why: string }[] = [];
  const result = () => ({
    broker: box.broker,
    retried: retried.map((one) => letterJson(one, { withBody: false })),
    refused: refused.map(({ seen, why }) => ({ ...letterJson(seen, { withBody: false }), why })),
  });
  try {
    for (const queue of queuesOf(options)) {
      for await (const letter of box.letters(queue)) {
        const seen = see(queue, letter);
        if (!isAskedFor(seen, ids, options)) continue;
        const why = refusalOf(seen);
        if (why !== null && options.force !== true) {
          refused.push({ seen, why });
          continue;
        }
        await letter.retry({ anew: options.force === true });
        retried.push(seen);
        if (options.json !== true) terminal.print(`sent back to ${queue.name}: ${safeLine(seen.id)}\n`);
      }
    }
    assertFound(ids, [...retried, ...refused.map(({ seen }) => seen)]);
  } catch (error) {
    // JSON is printed as a whole, so nothing has been printed yet.
    if (options.json === true && retried.length > 0) terminal.print(json(result()));
    throw error;
  }
  if (options.json === true) terminal.print(json(result()));
  else {
    for (const { seen, why } of refused) {
      terminal.printError(
        `dlq: not retried: ${safeLine(seen.id)}: ${safeLine(shortened(why, 300))} (--force retries it)\n`,
      );
    }
    terminal.print(`${retried.length} sent back, ${refused.length} left\n`);
  }
  return refused.length === 0 ? 0 : EXIT_FAILED;
}

async function discard(
  box: DeadLetterBox,
  terminal: DlqTerminal,
  ids: readonly string[],
  options: Options,
): Promise<number> {
  assertChosen(ids, options);
  const confirmed = options.yes === true ? null : await confirm(box, terminal, ids, options);
  const discarded: SeenLetter[] = [];
  const result = () => ({
    broker: box.broker,
    discarded: discarded.map((one) => letterJson(one, { withBody: false })),
  });
  try {
    for (const queue of queuesOf(options)) {
      // What was dead-lettered after the question has not been confirmed.
      for await (const letter of box.letters(queue, confirmed?.get(queue))) {
        const seen = see(queue, letter);
        if (!isAskedFor(seen, ids, options)) continue;
        await letter.discard();
        discarded.push(seen);
        if (options.json !== true)
          terminal.print(`discarded from ${queue.deadLetterName}: ${safeLine(seen.id)}\n`);
      }
    }
    assertFound(ids, discarded);
  } catch (error) {
    if (options.json === true && discarded.length > 0) terminal.print(json(result()));
    throw error;
  }
  terminal.print(options.json === true ? json(result()) : `${discarded.length} discarded\n`);
  return 0;
}

/**
 * Holds no message while waiting for the answer.
 * @returns how many letters of each queue the question was about, the oldest ones; empty when ids were given.
 */
async function confirm(
  box: DeadLetterBox,
  terminal: DlqTerminal,
  ids: readonly string[],
  options: Options,
): Promise<ReadonlyMap<LetterQueue, number>> {
  const counts = new Map<LetterQueue, number>();
  for (const queue of queuesOf(options)) {
    if (options.all === true) counts.set(queue, await box.count(queue));
  }
  const count = [...counts.values()].reduce((sum, some) => sum + some, 0);
  const what = options.all === true ? `all ${count} messages` : ids.map(safeLine).join(", ");
  const answer = await terminal.ask(`Discard ${what} permanently? [y/N] `);
  if (answer === null) throw new InputError("there is no terminal to confirm on: give --yes");
  if (!/^y(es)?$/i.test(answer.trim())) throw new InputError("nothing was discarded");
  return counts;
}

function see(queue: LetterQueue, letter: HeldLetter): SeenLetter {
  return seenLetter(queue, letter, systemClock.nowMs());
}

/** An id copied from the list is escaped. */
function isNamed({ id }: SeenLetter, asked: string): boolean {
  return id === asked || safeLine(id) === asked;
}

function isAskedFor(seen: SeenLetter, ids: readonly string[], { all }: Options): boolean {
  return all === true || ids.some((id) => isNamed(seen, id));
}

function assertChosen(ids: readonly string[], { all }: Options): void {
  if (ids.length === 0 && all !== true)
    throw new InputError("no message is named: give ids as `list` prints them, or --all");
  if (ids.length > 0 && all === true) throw new InputError("ids and --all are given: give one of them");
}

function assertFound(ids: readonly string[], found: readonly SeenLetter[]): void {
  const missing = ids.filter((id) => !found.some((seen) => isNamed(seen, id)));
  if (missing.length === 0) return;
  throw new InputError(
    `no dead letter has the id ${missing.map((id) => JSON.stringify(id)).join(", ")}: \`list\` prints the ids`,
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
