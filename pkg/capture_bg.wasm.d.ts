/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_capture_free: (a: number, b: number) => void;
export const capture_bytes: (a: number, b: number, c: number, d: number, e: number) => [number, number];
export const capture_find: (a: number, b: number, c: number, d: number, e: number, f: number) => [number, number];
export const capture_finish: (a: number) => [number, number, number];
export const capture_new: () => number;
export const capture_parts: (a: number, b: number, c: number, d: number) => [number, number, number];
export const capture_push: (a: number, b: number, c: number) => void;
export const __wbindgen_malloc: (a: number, b: number) => number;
export const __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
export const __wbindgen_free: (a: number, b: number, c: number) => void;
export const __wbindgen_exn_store: (a: number) => void;
export const __externref_table_alloc: () => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __externref_table_dealloc: (a: number) => void;
export const __wbindgen_start: () => void;
