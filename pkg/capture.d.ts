/* tslint:disable */
/* eslint-disable */

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

export function __wbg_reset_state(): void;

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_capture_free: (a: number, b: number) => void;
    readonly capture_bytes: (a: number, b: number, c: number, d: number, e: number) => [number, number];
    readonly capture_find: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number];
    readonly capture_finish: (a: number) => [number, number, number];
    readonly capture_new: () => number;
    readonly capture_parts: (a: number, b: number, c: number, d: number) => [number, number, number];
    readonly capture_push: (a: number, b: number, c: number) => void;
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
