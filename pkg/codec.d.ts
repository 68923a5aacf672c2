/* tslint:disable */
/* eslint-disable */

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
 * Every reason that has a name, as triples of code, name and HTTP status (0 where it is none of HTTP/2's).
 */
export function reasonNames(): any;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_feedbackdecoder_free: (a: number, b: number) => void;
    readonly __wbg_framedecoder_free: (a: number, b: number) => void;
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
