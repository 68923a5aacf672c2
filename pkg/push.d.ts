/* tslint:disable */
/* eslint-disable */

/**
 * A batch and the notification that it pushes.
 */
export class Batch {
    free(): void;
    [Symbol.dispose](): void;
    closeInput(): void;
    /**
     * The HTTP status of a reason that this batch came across and no list has; undefined: it did not.
     */
    foreignStatus(reason: number): number | undefined;
    /**
     * Its text.
     */
    foreignText(reason: number): string | undefined;
    constructor(payload: Uint8Array | number[], options: BatchOptions, now: number);
    /**
     * Pushes what was written: `count` tokens of so many digits each, with nothing between them, up to the first one
     * that has anything but digits in it. Returns how many were pushed.
     */
    pushDigits(digits: number, count: number, now: number): number;
    /**
     * Pushes the first `length` bytes of what was written: `count` tokens, one a line. False, with nothing pushed,
     * where there are not as many lines: a token has a line break in it.
     */
    pushLines(length: number, count: number, now: number): boolean;
    /**
     * Room for `length` bytes of text; the address holds until the next call of anything here.
     */
    reserve(length: number): number;
    setLinks(links: number): void;
    /**
     * Everything that settled since the last call, five numbers each: slot; outcome | dead << 8 | reason << 16;
     * milliseconds since the batch was made; milliseconds since 1970 at which the token died (low, high; all ones: nobody
     * said). Where ids are listed, five more: whether there is one, and its bytes.
     */
    settled(): Uint32Array;
    /**
     * How it stands, fourteen numbers at the address, which holds until the next call of anything here: six counts by
     * outcome; first unsettled slot; room; has work; finished; stopped (0 no, 1 by the caller, 2 mostly refused,
     * 3 refused, 4 failing); the reason of 3 and 4; next wake-up in milliseconds (-1: none); tokens refused at least
     * once. It is asked after every event, so it makes nothing anew.
     */
    standing(now: number): number;
    stop(now: number): void;
}

/**
 * What a batch is made with; JavaScript sets the fields one by one.
 */
export class BatchOptions {
    free(): void;
    [Symbol.dispose](): void;
    constructor();
    breaker: number;
    get expiration(): number | undefined;
    set expiration(value: number | null | undefined);
    listAccepted: boolean;
    listIds: boolean;
    maxAttempts: number;
    maxInFlight: number;
    payloadLimit: number;
    get priority(): number | undefined;
    set priority(value: number | null | undefined);
    resendInDoubt: boolean;
    retryFirst: number;
    retryLongest: number;
}

/**
 * One connection of a batch.
 */
export class BinaryLink {
    free(): void;
    [Symbol.dispose](): void;
    closed(batch: Batch, unsent: number, abandoned: boolean, now: number): void;
    /**
     * When `tick` and `write` want to be called by time alone, in milliseconds; -1: never.
     */
    deadline(): number;
    /**
     * Slots that were taken for accepted and were not, each followed by its reason.
     */
    late(): Uint32Array;
    left(now: number): void;
    /**
     * Times in milliseconds; `quiet`: how long silence lasts until it is taken for success (-1: it never is).
     */
    constructor(batch: Batch, linger: number, answer: number, round_trip: number, quiet: number, now: number);
    /**
     * Where what `write` prepared is; the address holds until the next call of anything here.
     */
    output(): number;
    read(batch: Batch, bytes: Uint8Array | number[], unsent: number, now: number): void;
    refused(batch: Batch, now: number): void;
    tick(batch: Batch, unsent: number, now: number): void;
    /**
     * Prepares what to send next and says how many bytes that is; they are at [`WasmLink::output`].
     */
    write(batch: Batch, max_bytes: number, now: number): number;
    readonly hasLearnt: boolean;
    readonly hasWritten: boolean;
    readonly isDone: boolean;
}

/**
 * One connection of any number of batches.
 */
export class Http2Connection {
    free(): void;
    [Symbol.dispose](): void;
    authorize(authorization: string): void;
    close(): void;
    closed(unsent: number, abandoned: boolean, now: number): void;
    /**
     * The same in words.
     */
    endingMessage(): string | undefined;
    /**
     * Why it ends: 0 it doesn't, 1 GOAWAY, 2 a fault, 3 silence, 4 no more ids, 5 we wanted it; and the error code.
     */
    ending(): Uint32Array;
    /**
     * Claims nothing more of it. Its verdicts still come as long as anybody holds the batch.
     */
    forget(key: number): void;
    /**
     * Times in milliseconds.
     */
    constructor(number: number, authority: string, authorization: string | null | undefined, answer: number, ping: number, now: number);
    read(bytes: Uint8Array | number[], now: number): void;
    refused(now: number): void;
    /**
     * Carries this batch, too; returns its key.
     */
    serve(batch: Batch, path?: string | null, topic?: string | null, push_type?: string | null, collapse_id?: string | null, id?: string | null): number;
    /**
     * How it stands: open; done; streams; most streams; blocked (0 no, 1 streams, 2 window, 3 authorization, 4 suspects);
     * wants an authorization; deadline; idle since; round trip (-1: none); has written; has learnt.
     */
    standing(): Float64Array;
    tick(now: number): void;
    /**
     * What to send next, a copy; undefined: nothing now.
     */
    write(max_bytes: number, now: number): Uint8Array | undefined;
}

export function __wbg_reset_state(): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_batch_free: (a: number, b: number) => void;
    readonly __wbg_batchoptions_free: (a: number, b: number) => void;
    readonly __wbg_binarylink_free: (a: number, b: number) => void;
    readonly __wbg_get_batchoptions_breaker: (a: number) => number;
    readonly __wbg_get_batchoptions_expiration: (a: number) => number;
    readonly __wbg_get_batchoptions_listAccepted: (a: number) => number;
    readonly __wbg_get_batchoptions_listIds: (a: number) => number;
    readonly __wbg_get_batchoptions_maxAttempts: (a: number) => number;
    readonly __wbg_get_batchoptions_maxInFlight: (a: number) => number;
    readonly __wbg_get_batchoptions_payloadLimit: (a: number) => number;
    readonly __wbg_get_batchoptions_priority: (a: number) => number;
    readonly __wbg_get_batchoptions_resendInDoubt: (a: number) => number;
    readonly __wbg_get_batchoptions_retryFirst: (a: number) => number;
    readonly __wbg_get_batchoptions_retryLongest: (a: number) => number;
    readonly __wbg_http2connection_free: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_breaker: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_expiration: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_listAccepted: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_listIds: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_maxAttempts: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_maxInFlight: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_payloadLimit: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_priority: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_resendInDoubt: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_retryFirst: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_retryLongest: (a: number, b: number) => void;
    readonly batch_closeInput: (a: number) => void;
    readonly batch_foreignStatus: (a: number, b: number) => number;
    readonly batch_foreignText: (a: number, b: number) => [number, number];
    readonly batch_new: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly batch_pushDigits: (a: number, b: number, c: number, d: number) => number;
    readonly batch_pushLines: (a: number, b: number, c: number, d: number) => number;
    readonly batch_reserve: (a: number, b: number) => number;
    readonly batch_setLinks: (a: number, b: number) => void;
    readonly batch_settled: (a: number) => [number, number];
    readonly batch_standing: (a: number, b: number) => number;
    readonly batch_stop: (a: number, b: number) => void;
    readonly batchoptions_new: () => number;
    readonly binarylink_closed: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly binarylink_deadline: (a: number) => number;
    readonly binarylink_hasLearnt: (a: number) => number;
    readonly binarylink_hasWritten: (a: number) => number;
    readonly binarylink_isDone: (a: number) => number;
    readonly binarylink_late: (a: number) => [number, number];
    readonly binarylink_left: (a: number, b: number) => void;
    readonly binarylink_new: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly binarylink_output: (a: number) => number;
    readonly binarylink_read: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly binarylink_refused: (a: number, b: number, c: number) => void;
    readonly binarylink_tick: (a: number, b: number, c: number, d: number) => void;
    readonly binarylink_write: (a: number, b: number, c: number, d: number) => number;
    readonly http2connection_authorize: (a: number, b: number, c: number) => [number, number];
    readonly http2connection_close: (a: number) => void;
    readonly http2connection_closed: (a: number, b: number, c: number, d: number) => void;
    readonly http2connection_ending: (a: number) => [number, number];
    readonly http2connection_endingMessage: (a: number) => [number, number];
    readonly http2connection_forget: (a: number, b: number) => void;
    readonly http2connection_new: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number, number];
    readonly http2connection_read: (a: number, b: number, c: number, d: number) => void;
    readonly http2connection_refused: (a: number, b: number) => void;
    readonly http2connection_serve: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number, i: number, j: number, k: number, l: number) => [number, number, number];
    readonly http2connection_standing: (a: number) => [number, number];
    readonly http2connection_tick: (a: number, b: number) => void;
    readonly http2connection_write: (a: number, b: number, c: number) => any;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path?: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
