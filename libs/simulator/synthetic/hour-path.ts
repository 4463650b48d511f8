import { key, RandomStream } from "./random.ts";

/** The parameters of a path. */
export interface PathCharacter {
  /** Typical standard deviation of an hour's return, as a fraction: 0.008 is 0.8 %. */
  readonly hourlyVolatility: number;
  /** Share of the time spent in trends, 0 to 1; the rest is ranges and occasional shocks. */
  readonly trendShare: number;
  /** Drift of a trend's impulses in typical deviations per hour: 0.3 is hard to see, 1 is hard to miss. */
  readonly trendStrength: number;
  /** Typical length of an impulse in hours. */
  readonly impulseHours: number;
  /** Share of the noise that reverts within hours, 0 to 1. */
  readonly elasticity: number;
}

/** Activity by hour of the day, UTC: quiet before dawn in London, busy when New York opens. */
const SESSION = [
  0.95, 0.9, 0.85, 0.8, 0.75, 0.75, 0.85, 1.0, 1.1, 1.05, 1.0, 1.0, 1.1, 1.3, 1.4, 1.35, 1.2, 1.1, 1.05, 1.0,
  1.0, 0.95, 0.9, 0.9,
] as const;

/** Share of an impulse that is retraced before the next one. */
const RETRACEMENTS = [0.236, 0.382, 0.382, 0.5, 0.5, 0.618, 0.618, 0.786] as const;

/** Mean reversion to the long-run level per hour: a half-life of about 60 days. */
const REVERSION = 0.0005;
/** Distance from the long-run level (in log price) at which regimes clearly favour the reversion. */
const STRETCH = 0.9;

/** Hourly decay of a swing. */
const SWING_FADE = 0.15;

/** In the last hours of a trend the crowd is entirely on its side. */
const CROWDED_HOURS = 8;
/** How fast the crowd builds up, and how slowly it disperses, per hour. */
const CROWD_GATHERS = 0.35;
const CROWD_LEAVES = 0.12;
/** How often a trend ends in a squeeze of its followers. */
const SQUEEZE_SHARE = 0.8;

type Regime = "range" | "trend" | "squeeze" | "shock";

export function sessionActivity(hour: number): number {
  return SESSION[((hour % 24) + 24) % 24] ?? 1;
}

/**
 * The skeleton of a path: its log level at every full hour since its start. Regimes follow one another, each with its own
 * volatility: ranges that revert to their start, trends of impulses and partial retracements, shocks of one to three
 * hours that partly revert. A level depends on the previous ones, so the path is generated once from its start and kept
 * (4 bytes per hour, twice): an hour always has the same level.
 */
export class HourPath {
  private readonly firstHour: number;
  private readonly seed: number;
  private readonly character: PathCharacter;
  private levels = new Float32Array(0);
  private deviations = new Float32Array(0);
  private crowds = new Float32Array(0);
  /** The number of known levels: hours `firstHour` to `firstHour + known - 1`. */
  private known = 0;
  private readonly random: RandomStream;
  /** The level is a persistent course plus a swing around it that decays. */
  private course = 0;
  private swing = 0;
  private regime: Regime = "range";
  private hoursLeft = 0;
  private unrest = 1;
  private anchor = 0;
  private direction = 1;
  /** A trend's wave: impulse or retracement, its hours left, its move per hour, and the impulse's size. */
  private impulse = false;
  private waveHoursLeft = 0;
  private wavePace = 0;
  private waveMove = 0;
  private shockStep = 0;
  private squeezePace = 0;
  private crowd = 0;

  constructor(seed: number, firstHour: number, character: PathCharacter) {
    this.seed = seed;
    this.firstHour = firstHour;
    this.character = character;
    this.random = new RandomStream(key(seed, 1));
  }

  /** Log level at the full hour (hours since the epoch); 0 before the start. */
  levelAt(hour: number): number {
    const index = hour - this.firstHour;
    if (index <= 0) return 0;
    this.extendTo(index);
    return this.levels[index] ?? 0;
  }

  /** Standard deviation of the return of the hour that starts there, as a fraction. */
  deviationAt(hour: number): number {
    const index = Math.max(0, hour - this.firstHour);
    this.extendTo(index);
    return this.deviations[index] ?? 0;
  }

  /** The side of the crowd at a full hour: 1 all long, -1 all short. */
  crowdAt(hour: number): number {
    const index = hour - this.firstHour;
    if (index < 0) return 0;
    this.extendTo(index);
    return this.crowds[index] ?? 0;
  }

  /** Deviation relative to the path's typical one: above 1 in volatile times. */
  unrestAt(hour: number): number {
    const usual = this.character.hourlyVolatility;
    return usual === 0 ? 1 : this.deviationAt(hour) / usual;
  }

  private extendTo(index: number): void {
    if (index < this.known) return;
    if (index >= this.levels.length) {
      const capacity = index + 24 * 90;
      this.levels = grown(this.levels, capacity);
      this.deviations = grown(this.deviations, capacity);
      this.crowds = grown(this.crowds, capacity);
    }
    while (this.known <= index) {
      this.levels[this.known] = this.course + this.swing;
      this.crowds[this.known] = this.crowd;
      this.deviations[this.known] = this.step(this.firstHour + this.known);
      this.known += 1;
    }
  }

  /** Advances the level by an hour and returns the deviation of that hour. */
  private step(hour: number): number {
    if (this.hoursLeft === 0) this.enterRegime();
    this.hoursLeft -= 1;
    const deviation = this.character.hourlyVolatility * this.unrest * sessionActivity(hour);
    const noise = deviation * this.random.fatTailed();
    const { elasticity } = this.character;
    this.swing += elasticity * noise - SWING_FADE * this.swing;
    const kept = (1 - elasticity) * noise;
    let move: number;
    if (this.regime === "range") {
      move = -0.12 * (this.course - this.anchor) + 0.8 * kept;
    } else if (this.regime === "trend") {
      move = this.waveStep(deviation) + 0.5 * kept;
    } else if (this.regime === "squeeze") {
      move = this.squeezePace + 0.5 * kept;
    } else {
      move = this.shockStep + 0.6 * kept;
      this.shockStep *= -this.random.between(0.1, 0.5);
    }
    this.course += move - REVERSION * this.course;
    this.gatherCrowd();
    return deviation;
  }

  private waveStep(deviation: number): number {
    if (this.waveHoursLeft === 0) {
      this.impulse = !this.impulse;
      const usual = this.character.impulseHours;
      if (this.impulse) {
        this.waveHoursLeft = Math.max(2, Math.round(usual * this.random.between(0.5, 1.5)));
        this.wavePace =
          this.direction * deviation * this.character.trendStrength * this.random.between(0.6, 1.4);
        this.waveMove = this.wavePace * this.waveHoursLeft;
      } else {
        this.waveHoursLeft = Math.max(2, Math.round(usual * this.random.between(0.2, 0.6)));
        const share = RETRACEMENTS[this.random.integer(0, RETRACEMENTS.length - 1)] ?? 0.5;
        this.wavePace = (-this.waveMove * share) / this.waveHoursLeft;
      }
    }
    this.waveHoursLeft -= 1;
    return this.wavePace;
  }

  private gatherCrowd(): void {
    if (this.regime === "trend") {
      const target = this.hoursLeft <= CROWDED_HOURS ? this.direction : 0.35 * this.direction;
      this.crowd += CROWD_GATHERS * (target - this.crowd);
    } else if (this.regime !== "squeeze") {
      this.crowd -= CROWD_LEAVES * this.crowd;
    }
  }

  /** The trend's followers leave at once: a fast reversal of part of its gain. */
  private enterSqueeze(): void {
    this.regime = "squeeze";
    this.hoursLeft = Math.max(6, Math.round(this.character.impulseHours * this.random.between(0.5, 1.2)));
    this.squeezePace =
      -this.direction *
      this.character.hourlyVolatility *
      this.unrest *
      this.character.trendStrength *
      this.random.between(0.7, 1.4);
  }

  private enterRegime(): void {
    if (this.regime === "trend" && this.random.uniform() < SQUEEZE_SHARE) {
      this.enterSqueeze();
      return;
    }
    const stretch = Math.max(-1, Math.min(1, this.course / STRETCH));
    const draw = this.random.uniform();
    const shockShare = 0.04;
    this.unrest = this.random.between(0.6, 1.5);
    this.direction = this.random.uniform() < 0.5 - 0.4 * stretch ? 1 : -1;
    if (draw < shockShare) {
      this.regime = "shock";
      this.hoursLeft = this.random.integer(2, 4);
      this.unrest *= 1.8;
      const size = this.random.between(3, 7) * this.character.hourlyVolatility;
      this.shockStep = this.direction * size;
    } else if (draw < shockShare + this.character.trendShare * (1 - shockShare)) {
      this.regime = "trend";
      this.hoursLeft = Math.round(this.character.impulseHours * this.random.between(2, 8));
      this.impulse = false;
      this.waveHoursLeft = 0;
    } else {
      this.regime = "range";
      this.hoursLeft = this.random.integer(8, 48);
      this.anchor = this.course;
    }
  }

  /** A key per day for the noise within hours. */
  dayKey(day: number): number {
    return key(this.seed, day);
  }
}

function grown(column: Float32Array<ArrayBuffer>, capacity: number): Float32Array<ArrayBuffer> {
  const wider = new Float32Array(capacity);
  wider.set(column);
  return wider;
}
