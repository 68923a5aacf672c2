/* tslint:disable */
/* eslint-disable */

/**
 * One old connection.
 */
export class Conversation {
    free(): void;
    [Symbol.dispose](): void;
    acceptBelow(run: number, slot: number): void;
    endInput(): void;
    endRun(): void;
    /**
     * Status and identifier for a client whose connection is ended for no fault of its own; empty: it can be told nothing.
     */
    farewell(): Uint32Array;
    /**
     * What could not be read, in words; undefined: nothing.
     */
    fault(): string | undefined;
    /**
     * The client was given its answer. What was remembered, for [`WasmMemory::withdraw`]; -1: nothing.
     */
    leave(memory: Memory, now: number): number;
    constructor(payload_limit: number, max_frame: number, window: number);
    /**
     * The payload that a segment's run begins with: a copy.
     */
    payload(segment: number): Uint8Array;
    /**
     * Takes bytes; returns the segments that they complete.
     */
    read(memory: Memory, bytes: Uint8Array | number[], now: number): Uint32Array;
    /**
     * Refuses slots of a run that cannot have a verdict: its payload is none, or too large.
     */
    refuseSlots(run: number, from: number, to: number, status: number): void;
    /**
     * What became of a slot; `http_status` of a reason that is in no list. The status that the client gets to hear: 0, it
     * is none; -1, it does not hear of it and nothing rang.
     */
    settle(run: number, slot: number, outcome: number, reason: number, http_status: number): number;
    /**
     * How it stands: room; open; refused; decided; cut; received; swallowed; status of the answer that is due (-1: none is)
     * and its identifier.
     */
    standing(): Float64Array;
    /**
     * Where the segments' tokens are, in hexadecimal, one behind the other; good until the next call of anything here.
     */
    text(): number;
}

/**
 * What an old client is remembered by.
 */
export class Memory {
    free(): void;
    [Symbol.dispose](): void;
    expire(now: number): void;
    constructor(limit: number);
    /**
     * As a connection that ended said it; nothing where that is over.
     */
    withdraw(episode: number): void;
    readonly length: number;
    readonly overrun: number;
}

export function __wbg_reset_state(): void;

/**
 * The six bytes of an error response.
 */
export function encodeErrorResponse(status: number, identifier: number): Uint8Array;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_conversation_free: (a: number, b: number) => void;
    readonly __wbg_memory_free: (a: number, b: number) => void;
    readonly conversation_acceptBelow: (a: number, b: number, c: number) => void;
    readonly conversation_endInput: (a: number) => void;
    readonly conversation_endRun: (a: number) => void;
    readonly conversation_farewell: (a: number) => [number, number];
    readonly conversation_fault: (a: number) => [number, number];
    readonly conversation_leave: (a: number, b: number, c: number) => number;
    readonly conversation_new: (a: number, b: number, c: number) => number;
    readonly conversation_payload: (a: number, b: number) => [number, number];
    readonly conversation_read: (a: number, b: number, c: number, d: number, e: number) => [number, number];
    readonly conversation_refuseSlots: (a: number, b: number, c: number, d: number, e: number) => void;
    readonly conversation_settle: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
    readonly conversation_standing: (a: number) => [number, number];
    readonly conversation_text: (a: number) => number;
    readonly encodeErrorResponse: (a: number, b: number) => [number, number];
    readonly memory_expire: (a: number, b: number) => void;
    readonly memory_length: (a: number) => number;
    readonly memory_new: (a: number) => number;
    readonly memory_overrun: (a: number) => number;
    readonly memory_withdraw: (a: number, b: number) => void;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
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
