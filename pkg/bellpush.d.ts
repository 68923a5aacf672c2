/* tslint:disable */
/* eslint-disable */

/**
 * A batch and the notification that it pushes.
 */
export class Batch {
    free(): void;
    [Symbol.dispose](): void;
    closeInput(): void;
    constructor(payload: Uint8Array | number[], options: BatchOptions, now: number);
    /**
     * Pushes what was written: `count` tokens of `length` bytes each, with nothing between them. False, with nothing
     * pushed, where there is not as much, or where line breaks are among them, which lines know how to deal with.
     */
    pushEqual(length: number, count: number, now: number): boolean;
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
     * Everything that settled since the last call, three numbers each: slot; outcome | dead << 8 | reason << 16;
     * milliseconds since the batch was made.
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
    maxAttempts: number;
    maxInFlight: number;
    payloadLimit: number;
    get priority(): number | undefined;
    set priority(value: number | null | undefined);
    resendInDoubt: boolean;
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
 * A capture: bytes go in, then it is finished, then it is asked.
 */
export class Capture {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Bytes of one direction of a connection, a copy.
     */
    bytes(connection: number, direction: number, at: number, length: number): Uint8Array;
    /**
     * Indices of the parts that are asked for; what is undefined is not asked.
     */
    find(connection: number, token?: Uint8Array | number[] | null, identifier?: number | null, status?: number | null): Uint32Array;
    /**
     * The file has ended; gives the overview.
     */
    finish(): any;
    constructor();
    /**
     * Some parts of a connection, explained.
     */
    parts(connection: number, from: number, count: number): any;
    /**
     * Takes bytes of the file; after `finish` none.
     */
    push(bytes: Uint8Array | number[]): void;
}

/**
 * Tuples from the feedback service's stream.
 */
export class FeedbackDecoder {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * The service has closed; throws where it did so inside a tuple.
     */
    finish(): void;
    constructor();
    /**
     * Takes bytes, adds the tuples that they complete to `tuples`; throws at what is none, with the tuples before it
     * added.
     */
    push(bytes: Uint8Array | number[], tuples: Array<any>): void;
}

/**
 * Frames from a stream of bytes, judged as a gateway judges them.
 */
export class FrameDecoder {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Tokens and payloads of the frames that the last `push` returned, one after the other.
     */
    data(): Uint8Array;
    /**
     * What ended the stream, or undefined.
     */
    fault(): any;
    constructor(max_frame: number, payload_limit: number);
    /**
     * Takes bytes; returns the records of the frames that they complete. After a fault it takes no more.
     */
    push(bytes: Uint8Array | number[]): Uint32Array;
    readonly pending: number;
}

export function __wbg_reset_state(): void;

/**
 * Throws where the bytes are no payload of at most `limit` bytes.
 */
export function checkPayload(payload: Uint8Array | number[], limit: number): void;

/**
 * The six bytes of an error response.
 */
export function encodeErrorResponse(status: number, identifier: number): Uint8Array;

/**
 * One feedback tuple.
 */
export function encodeFeedbackTuple(time: number, token: string): Uint8Array;

/**
 * One frame of command 0, 1 or 2; any other command is taken for 2.
 */
export function encodeFrame(command: number, token: string, payload: Uint8Array | number[], identifier?: number | null, expiration?: number | null, priority?: number | null): Uint8Array;

/**
 * Bytes explained field by field; `kind` is `frames`, `error-responses`, `feedback` or undefined: what they look like.
 */
export function explain(bytes: Uint8Array | number[], kind?: string | null): any;

/**
 * A token's canonical text: lower-case hexadecimal.
 */
export function normalizeToken(text: string): string;

/**
 * Every reason that has a name, as pairs of code and name.
 */
export function reasonNames(): any;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_batch_free: (a: number, b: number) => void;
    readonly __wbg_batchoptions_free: (a: number, b: number) => void;
    readonly __wbg_binarylink_free: (a: number, b: number) => void;
    readonly __wbg_capture_free: (a: number, b: number) => void;
    readonly __wbg_feedbackdecoder_free: (a: number, b: number) => void;
    readonly __wbg_framedecoder_free: (a: number, b: number) => void;
    readonly __wbg_get_batchoptions_breaker: (a: number) => number;
    readonly __wbg_get_batchoptions_expiration: (a: number) => number;
    readonly __wbg_get_batchoptions_listAccepted: (a: number) => number;
    readonly __wbg_get_batchoptions_maxAttempts: (a: number) => number;
    readonly __wbg_get_batchoptions_maxInFlight: (a: number) => number;
    readonly __wbg_get_batchoptions_payloadLimit: (a: number) => number;
    readonly __wbg_get_batchoptions_priority: (a: number) => number;
    readonly __wbg_get_batchoptions_resendInDoubt: (a: number) => number;
    readonly __wbg_set_batchoptions_breaker: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_expiration: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_listAccepted: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_maxAttempts: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_maxInFlight: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_payloadLimit: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_priority: (a: number, b: number) => void;
    readonly __wbg_set_batchoptions_resendInDoubt: (a: number, b: number) => void;
    readonly batch_closeInput: (a: number) => void;
    readonly batch_new: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly batch_pushEqual: (a: number, b: number, c: number, d: number) => number;
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
    readonly capture_bytes: (a: number, b: number, c: number, d: number, e: number) => [number, number];
    readonly capture_find: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number];
    readonly capture_finish: (a: number) => [number, number, number];
    readonly capture_new: () => number;
    readonly capture_parts: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly capture_push: (a: number, b: number, c: number) => void;
    readonly checkPayload: (a: number, b: number, c: number) => [number, number];
    readonly encodeErrorResponse: (a: number, b: number) => [number, number];
    readonly encodeFeedbackTuple: (a: number, b: number, c: number) => [number, number, number, number];
    readonly encodeFrame: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => [number, number, number, number];
    readonly explain: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly feedbackdecoder_finish: (a: number) => [number, number];
    readonly feedbackdecoder_new: () => number;
    readonly feedbackdecoder_push: (a: number, b: number, c: number, d: any) => [number, number];
    readonly framedecoder_data: (a: number) => [number, number];
    readonly framedecoder_fault: (a: number) => any;
    readonly framedecoder_new: (a: number, b: number) => number;
    readonly framedecoder_pending: (a: number) => number;
    readonly framedecoder_push: (a: number, b: number, c: number) => [number, number];
    readonly normalizeToken: (a: number, b: number) => [number, number, number, number];
    readonly reasonNames: () => [number, number, number];
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __externref_table_dealloc: (a: number) => void;
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
