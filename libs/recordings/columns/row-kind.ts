/** What the rows of a file are: which numbers they have, and how files call them. */
export interface RowKind {
  /** For messages. */
  readonly name: string;
  /** The numbers of a row, in the order in which a row is handed on. The first cell of that row is the time. */
  readonly values: readonly ValueColumn[];
  /** How the open or settlement time is called, best name first. */
  readonly timeNames: readonly string[];
  /** How any time is called: used when there is none of the above. */
  readonly otherTimeNames: readonly string[];
  /** What the columns of a file without names are, by their number; null: not of interest. */
  readonly unnamed: ReadonlyMap<number, readonly (ColumnRole | null)[]>;
  /** A header as a person may write it. */
  readonly exampleHeader: string;
}

export interface ValueColumn {
  readonly role: string;
  /** For messages: "the close". */
  readonly names: readonly string[];
  readonly isOptional: boolean;
}

/** `time`, or the role of one of the values. */
export type ColumnRole = string;

const OPEN_TIME_NAMES = [
  "startms",
  "opentime",
  "opentimems",
  "opentimestamp",
  "starttime",
  "starttimems",
  "starttimestamp",
  "startat",
  "startts",
  "openat",
  "timeperiodstart",
  "periodstart",
  "candlestart",
  "barstart",
  "start",
  "begin",
  "candledatetimeutc",
];

const TIME_NAMES = [
  "unix",
  "unixtime",
  "unixtimestamp",
  "unixms",
  "epoch",
  "epochms",
  "timestampms",
  "timestamp",
  "timems",
  "ts",
  "timestamputc",
  "datetimeutc",
  "timeutc",
  "utctime",
  "dateutc",
  "gmttime",
  "time",
  "candletime",
  "bartime",
  "datetime",
  "date",
  "t",
  "시간",
  "일시",
  "날짜",
];

const NO_VALUE = null;

export const CANDLE_ROWS: RowKind = {
  name: "candle",
  values: [
    value("open", ["open", "openprice", "priceopen", "openingprice", "first", "o", "시가"]),
    value("high", ["high", "highprice", "pricehigh", "highest", "max", "h", "고가"]),
    value("low", ["low", "lowprice", "pricelow", "lowest", "min", "l", "저가"]),
    value("close", ["close", "closeprice", "priceclose", "closingprice", "tradeprice", "last", "c", "종가"]),
    value("volume", [
      "volume",
      "vol",
      "basevolume",
      "volumebase",
      "basevol",
      "baseassetvolume",
      "volumefrom",
      "volumetraded",
      "candleacctradevolume",
      "quantity",
      "qty",
      "v",
      "거래량",
    ]),
    value(
      "turnover",
      [
        "turnover",
        "quotevolume",
        "volumequote",
        "quotevol",
        "quoteassetvolume",
        "quoteturnover",
        "volumeto",
        "candleacctradeprice",
        "거래대금",
      ],
      true,
    ),
  ],
  timeNames: OPEN_TIME_NAMES,
  otherTimeNames: TIME_NAMES,
  unnamed: new Map([
    [6, ["time", "open", "high", "low", "close", "volume"]],
    [7, ["time", "open", "high", "low", "close", "volume", "turnover"]],
    // Klines of Binance: close time, quote volume, number of trades, two volumes of takers, nothing.
    [
      12,
      [
        "time",
        "open",
        "high",
        "low",
        "close",
        "volume",
        NO_VALUE,
        "turnover",
        NO_VALUE,
        NO_VALUE,
        NO_VALUE,
        NO_VALUE,
      ],
    ],
  ]),
  exampleHeader: "start_ms,open,high,low,close,volume,turnover",
};

export const FUNDING_ROWS: RowKind = {
  name: "funding rate",
  values: [
    value("rate", [
      "rate",
      "fundingrate",
      "lastfundingrate",
      "fundingratevalue",
      "realizedrate",
      "fundingratesettled",
      "funding",
      "r",
      "펀딩비",
    ]),
  ],
  timeNames: [
    "fundingms",
    "fundingtime",
    "fundingtimems",
    "fundingratetimestamp",
    "fundingtimestamp",
    "fundingat",
    "calctime",
    "settledtime",
    "settlementtime",
    "settledat",
    "settleat",
  ],
  otherTimeNames: [...OPEN_TIME_NAMES, ...TIME_NAMES],
  unnamed: new Map([[2, ["time", "rate"]]]),
  exampleHeader: "funding_ms,rate",
};

function value(role: string, names: readonly string[], isOptional = false): ValueColumn {
  return { role, names, isOptional };
}
